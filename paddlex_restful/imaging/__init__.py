"""Images and their labels as arrays: reading, random changes, resizing. NumPy, OpenCV and Pillow; no paddle."""
