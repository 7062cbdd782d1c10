"""
Images: upload, validation, sandboxed decoding, renditions, delivery.

    models.py                tables: images, their renditions, deletions that are due
    intake.py                validation of uploaded bytes, counted while they come
    headers.py               parser of image headers: format, size, orientation
    uploads.py               commands: accept and replace an upload
    image_commands.py        commands: describe, focus, regenerate, delete
    permissions.py           who may change which image
    queries.py               queries: images by kind, progress, storage used
    photo_lists.py           queries for the console's gallery
    uses.py                  where an image appears
    recipes.py               sizes and formats of each kind of image
    rendition_jobs.py        the worker's job: claim, decode, encode, store, record
    decoder_client.py        client of the sandboxed decoder
    decoder_process.py       fork server: a child with resource limits for each image
    confinement.py           sandbox: no_new_privs and a seccomp filter
    fd_messages.py           messages over a Unix socket, with file descriptors
    decoding.py              decoding of an original, upright, in sRGB
    rendering.py             the child's job: crop, resize, encode
    colour_management.py     color management to sRGB
    icc_profiles.py          ICC profiles: reading and building
    cmyk_default_profile.py  profile for CMYK images without one
    transparency.py          background for transparent images
    picture_urls.py          addresses, srcset and placeholder of an image for a page
    storage_cleanup.py       orphan removal and verification of the storages
    storage_ownership.py     marker of which gym owns a storage

What a page of the console or of the site calls (`pictures_of(services)` is the gym's `Delivery`):

    intake.checked(data, name=…) → Upload                    PictureRejected says what to send instead
    uploads.accept(services, upload, kind, alt=…, by=…) → Image; then nudge tasks.make_pictures
    uploads.replace(services, image_id, upload, by=…)
    queries.images_of(session, kind=…, containing=…, state=…) · get_image · progress_of · storage_used
    library.describe | focus | regenerate | delete(tx.session, image_id, …, by=…, now=tx.now)
    library.require_publishable(session, image_id, kind)     before anything may show it
    uses.uses_of(session, image)                             who shows it; whatever can show one joins uses.SHOWN_BY
    pictures_of(services).of(image, narrow=…) → Picture | None   for templates/picture.html; .absolute_address(path) elsewhere

No picture is ever decoded in a process that serves people.
"""
