"""Every address of the site, each with its policy."""

from starlette.routing import BaseRoute

from public_site import (
    api,
    approvals,
    bookings,
    coaches,
    cron,
    feeds,
    health,
    lesson_form,
    media,
    metrics,
    rehearsals,
    shop,
    unsubscribe,
    watching,
    weeks,
)
from public_site.policy import beacon, bearer, capability, form, json, page
from public_site.templating import static

ROUTES: list[BaseRoute] = [
    page("/coaches/{coach}/{lesson}", weeks.week, "week"),
    page("/static/{file}", static, "static"),
    page("/", coaches.home, "home"),
    page("/coaches", coaches.all_coaches, "coaches"),
    page("/coaches/{coach}", coaches.coach, "coach"),
    page("/shop", shop.shop, "shop"),
    page("/coaches/{coach}/{lesson}/request", lesson_form.fresh, "request", secret=True),
    form("/bookings", bookings.create, "create"),
    page("/bookings/{handle}", bookings.show, "booking", secret=True),
    form("/bookings/{handle}/cancel", bookings.cancel, "cancel"),
    form("/bookings/{handle}/mail-again", bookings.mail_again, "mail_again"),
    page("/bookings/{handle}/lesson.ics", bookings.calendar, "calendar", secret=True),
    page("/approvals/{token}", approvals.show, "approval", secret=True),
    form("/approvals/{token}", approvals.answer, "answer"),
    page("/calendar/{feed}.ics", feeds.calendar_feed, "feed", secret=True),
    page("/media/{path:path}", media.media, "media"),
    page("/rehearsals/{token}", rehearsals.show, "rehearsal", secret=True),
    form("/rehearsals/{token}", rehearsals.answer, "answer_rehearsal"),
    page("/unsubscribe/{token}", unsubscribe.show, "unsubscribe", secret=True),
    capability("/unsubscribe/{token}", unsubscribe.stop, "stop_mail"),
    page("/healthz", health.alive, "alive"),
    page("/readyz", health.ready, "ready"),
    json("/api/openapi.json", api.openapi, "openapi"),
    json("/api/coaches", api.coaches, "api_coaches"),
    json("/api/coaches/{coach_id}/slots", api.coach_slots, "api_slots"),
    json("/api/book/private", api.book, "api_book", method="POST", secret=True),
    json("/api/bookings/{handle}", api.booking, "api_booking", secret=True),
    json("/api/booking/approve", api.decide, "api_decide", method="POST", secret=True),
    beacon("/telemetry", watching.told_by_a_browser, "telemetry"),
    bearer("/api/cron/notifications", cron.notifications, "cron", setting="cron_secret"),
    bearer("/metrics", metrics.metrics, "metrics", setting="metrics_token", methods=["GET"]),
]
