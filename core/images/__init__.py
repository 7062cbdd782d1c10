"""
Photos, from the phone that took them to the page that shows them.

    models       an image, and the renditions made of it
    intake       bytes from outside: counted while they come, looked at before they are believed; `headers` reads them
    uploads      accept, replace
    recipes      which sizes and formats a kind of image gets
    making       claim, develop, store, record: what the worker does, in numbered steps
    darkroom     the process that may die: `darkroom_process` starts a child for each picture, `pixels` is what it does,
                 `decoding` what it does first
    storage      a folder or a bucket
    delivery     addresses, and what a page needs to show one: `pictures.of(image)`
    queries      images by kind, one with its renditions, what has been made so far, storage used
    changes      describe, focus, make again, delete
    uses         where an image appears
    upkeep       what nothing refers to any more is removed after a while; is everything where it should be?

What a page of the console or of the site calls (`pictures_of(services)` is the gym's `Delivery`):

    intake.checked(data, name=…) → Upload                    PictureRejected says what to send instead
    uploads.accept(services, upload, kind, alt=…, by=…) → Image; then nudge tasks.make_pictures
    uploads.replace(services, image_id, upload, by=…)
    queries.images_of(session, kind=…, containing=…, state=…) · get_image · progress_of · storage_used
    library.describe | focus | regenerate | delete(tx.session, image_id, …, by=…, now=tx.now)
    changes.require_publishable(session, image_id, kind)     before anything may show it
    uses.uses_of(session, image)                             who shows it; whatever can show one joins uses.SHOWN_BY
    pictures_of(services).of(image, narrow=…) → Picture | None   for templates/picture.html; .absolute_address(path) elsewhere

No picture is ever decoded in a process that serves people.
"""
