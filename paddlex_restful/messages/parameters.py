"""What training parameters are called and what they do, for people who know their images and not deep learning.

Of each: its name, and one line on what it does.
"""

from __future__ import annotations

About = tuple[str, str]

NUM_EPOCHS: About = ("Epochs", "How often the net learns from all training images; more takes longer and learns more.")
BATCH_SIZE: About = ("Batch size", "Images that are learned from at once; more need more memory and a higher rate.")
LEARNING_RATE: About = ("Learning rate", "How far each step changes the net; too far diverges, too little is slow.")
IMAGE_SHAPE: About = ("Image size", "Pixels to which images are resized; larger shows finer things and takes longer.")
PRETRAIN_WEIGHTS: About = ("Starts from", "What the net has learned before; with few images this helps most of all.")

SAVE_INTERVAL: About = ("Save every", "Epochs between saved models; each is measured on the validation images.")
AMP: About = ("Mixed precision", "Computes partly with 16 bits: faster and with less memory on recent GPUs.")
AUTO_BATCH_SIZE: About = (
    "Fill the GPU",
    "Doubles batch size and learning rate for as long as the memory of the GPU allows it.",
)
SEED: About = ("Seed", "Decides all that is random; the same seed gives the same training.")
EARLY_STOP: About = ("Stop early", "Ends the training when the figure on the validation images no longer grows.")
EARLY_STOP_PATIENCE: About = ("Patience", "Epochs without a better figure before it stops early.")
LOSS_TYPE: About = ("Loss", "What the net is asked to make small; Dice helps where objects are small.")

LR_POLICY: About = ("Course of the rate", "How the learning rate falls during the training.")
LR_DECAY_EPOCHS: About = ("Falls after", "Epochs after which the rate falls to a tenth; for the course Piecewise.")
WARMUP_STEPS: About = ("Warm-up", "Steps at the beginning in which the rate grows; steadies the start.")
WARMUP_START: About = ("Warm-up from", "The learning rate with which the warm-up begins.")
OPTIMIZER: About = ("Optimiser", "The rule by which each step changes the net.")

HORIZONTAL_FLIP: About = ("Mirror", "Mirrors images, left to right; not for text and whatever has a side.")
HORIZONTAL_FLIP_PROB: About = ("Mirror: how often", "The share of the images that are mirrored.")
VERTICAL_FLIP: About = ("Turn upside down", "Mirrors images, top to bottom; for pictures from above or of small parts.")
VERTICAL_FLIP_PROB: About = ("Upside down: how often", "The share of the images that are turned upside down.")
ROTATE: About = ("Rotate", "Rotates images about their centre by a random angle.")
ROTATE_PROB: About = ("Rotate: how often", "The share of the images that are rotated.")
ROTATE_RANGE: About = ("Rotate: how far", "The greatest angle, in degrees, to both sides.")
MAX_ROTATION: About = ("Rotate: how far", "The greatest angle, in degrees, to both sides.")
CROP_IMAGE: About = ("Crop", "Shows a part of the image in which objects are seen.")
EXPAND_IMAGE: About = ("Shrink", "Puts the image on a larger ground, so that objects become smaller.")
EXPAND_PROB: About = ("Shrink: how often", "The share of the images that shrink.")
RANDOM_SHAPE: About = ("Other sizes", "Resizes each batch to another size, so that the net learns all of them.")
RANDOM_SHAPE_SIZES: About = ("Other sizes: which", "The sides, in pixels, of which one is drawn.")
SCALE_ASPECT: About = ("Cut and stretch", "Shows a part of the image, with other proportions.")
MIN_RATIO: About = ("Cut: least part", "The least share of the image's area that is shown.")
ASPECT_RATIO: About = ("Stretch: how far", "The least width of the part, in heights; 1 keeps it square.")
USE_MIXUP: About = ("Mix images", "Lays two images over each other, with the objects of both.")
MIXUP_ALPHA: About = ("Mix: alpha", "Alpha of the beta distribution of which the share of each image is drawn.")
MIXUP_BETA: About = ("Mix: beta", "Beta of the beta distribution of which the share of each image is drawn.")

BRIGHTNESS: About = ("Brightness", "Makes images brighter or darker.")
BRIGHTNESS_PROB: About = ("Brightness: how often", "The share of the images that are changed.")
BRIGHTNESS_RANGE: About = ("Brightness: how far", "The greatest change, as a share of the brightness.")
CONTRAST: About = ("Contrast", "Makes differences of brightness greater or smaller.")
CONTRAST_PROB: About = ("Contrast: how often", "The share of the images that are changed.")
CONTRAST_RANGE: About = ("Contrast: how far", "The greatest change, as a share of the contrast.")
SATURATION: About = ("Saturation", "Makes colours stronger or greyer.")
SATURATION_PROB: About = ("Saturation: how often", "The share of the images that are changed.")
SATURATION_RANGE: About = ("Saturation: how far", "The greatest change, as a share of the saturation.")
HUE: About = ("Hue", "Turns colours into others; not where the colour tells the class.")
HUE_PROB: About = ("Hue: how often", "The share of the images that are changed.")
HUE_RANGE: About = ("Hue: how far", "The greatest change, in degrees of the colour circle.")
BLUR: About = ("Blur", "Makes images less sharp.")
BLUR_PROB: About = ("Blur: how often", "The share of the images that are blurred.")

IMAGE_MEAN: About = ("Mean", "Is subtracted from the colours; keep what the pretrained weights were learned with.")
IMAGE_STD: About = ("Deviation", "Colours are divided by it; keep what the pretrained weights were learned with.")
WITH_FPN: About = ("Feature pyramid", "Looks at several scales; helps with small objects, for the R-CNN models.")

WIDTH = "width"
HEIGHT = "height"
SHORT_SIDE = "short side"
LONG_SIDE = "long side"
RED = "red"
GREEN = "green"
BLUE = "blue"
DICE = "Dice"
CROSS_ENTROPY = "cross entropy"
