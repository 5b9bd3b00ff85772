"""Write scikit-image's photo of a cat (451x300, public domain) to the file named: a picture to try things on."""

import sys
from pathlib import Path

from PIL import Image
from skimage.data import chelsea

path = Path(sys.argv[1])
path.parent.mkdir(parents=True, exist_ok=True)
Image.fromarray(chelsea()).save(path)
