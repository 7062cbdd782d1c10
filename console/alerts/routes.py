"""Routes that a rule's filter can choose from: those requested in the last week, busiest first."""

from datetime import timedelta

import streamlit as st
import structlog
from sqlalchemy.exc import SQLAlchemyError

from analytics import latency
from analytics.latency import Scope
from analytics.time_window import Window
from console.monitoring.cached_queries import cached
from console.widgets.session import services
from core.alerts.rules import VISIT, WEEK, Filter
from core.errors import SpiritError
from core.platform import clock
from core.telemetry.traffic_categories import FAMILY

log = structlog.get_logger()


def routes_of(which: Filter) -> list[str]:
    """The routes of this kind and service; empty while the monitoring data cannot be read, with a caption that says so."""
    until = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    window = Window(until - WEEK, until, services().settings.zone)
    try:
        of_families = which.kind == VISIT
        scope = Scope("http" if of_families else which.kind, which.service, category=FAMILY if of_families else "")
        measured = cached(latency.by_route, window, scope)
    except (SQLAlchemyError, SpiritError, OSError) as error:
        log.warning("routes not read", why=type(error).__name__)
        st.caption("The routes cannot be read at this moment.")
        return []
    busiest = sorted(measured, key=lambda one: -one.n)
    return list(dict.fromkeys(one.route for one in busiest if one.route))
