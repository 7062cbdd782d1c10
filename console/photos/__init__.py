"""
Upload, preview and cropping of photos, as parts of the console's pages.

    photo_upload.py  file upload with progress
    photo_page.py    one image in full: state, alt text, comparison, uses, actions
    coach_photo.py   a coach's profile photo
    focal_point.py   focal-point editor
    photo_html.py    HTML fragments: thumbnails, before and after, crop previews, the table of files
"""
