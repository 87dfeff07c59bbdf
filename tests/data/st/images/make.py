#!/usr/bin/env python3
"""Makes the images of this folder: python3 make.py (Pillow, numpy). A formula of waves, and what Pillow's LANCZOS makes of it."""
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
y, x = np.mgrid[0:29, 0:37]
waves = np.stack([(np.sin(x * 0.9 + y * 0.3 * c) * 120 + 128 + (x * 7 + y * 11 * c) % 13 - 6) for c in (1, 2, 3)], axis=2)
image = Image.fromarray(waves.clip(0, 255).astype(np.uint8))
image.save(HERE / "waves.png")
image.save(HERE / "waves.tif", compression="tiff_lzw")
image.save(HERE / "waves.jpg", quality=95, subsampling=0)
for width, height in ((16, 16), (64, 50), (37, 10)):
    image.resize((width, height), Image.LANCZOS).save(HERE / f"waves_{width}x{height}.png")
transparent = image.convert("RGBA")
transparent.putalpha(Image.fromarray(np.full((29, 37), 0, np.uint8)))
transparent.save(HERE / "transparent.png")
