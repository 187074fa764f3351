"""Sentences on annotations as training reads them."""

UNREADABLE_MASK = (
    "The annotation {file} cannot be read: {problem}. Replace it in the dataset's folder or remove it and import again."
)
MASK_SIZE_DIFFERS = (
    "The annotation {file} has {width} x {height} pixels, but its image has {image_width} x {image_height}; "
    "replace one of the two in the dataset's folder and import again."
)
