"""
Upload, preview and cropping of photos, as parts of the console's pages.

    drop.py         file upload with progress
    sheet.py        one image in full: state, alt text, comparison, uses, actions
    coach_photo.py  a coach's profile photo
    focal_point.py  focal-point editor
    html.py         HTML fragments: thumbnails, before and after, crop previews, the table of files
"""
