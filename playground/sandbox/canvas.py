"""Strokes that scenes are made of: gradients, glows, soft shapes, grain. Sizes are (width, height)."""

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from playground.sandbox.palettes import Colour

Size = tuple[int, int]
Point = tuple[float, float]

EDGE = 180
"""What Pillow's radial gradient reaches in the middle of its edges; it is 255 only in the corners."""


def gradient(size: Size, colours: Sequence[Colour]) -> Image.Image:
    """Smooth from the first colour at the top to the last at the bottom."""
    strip = Image.new("RGB", (1, len(colours)))
    strip.putdata(list(colours))
    return strip.resize(size, Image.Resampling.BICUBIC)


def fade(size: Size, stops: Sequence[int]) -> Image.Image:
    """A mask that runs through the given opacities (0 to 255) from top to bottom."""
    strip = Image.new("L", (1, len(stops)))
    strip.putdata(list(stops))
    return strip.resize(size, Image.Resampling.BICUBIC)


def glow(image: Image.Image, centre: Point, radius: float, colour: Colour, strength: float) -> Image.Image:
    """Light added around a point; `strength` from 0 to 1."""
    reach = max(2, int(radius))
    falloff = Image.radial_gradient("L").resize((2 * reach, 2 * reach), Image.Resampling.BILINEAR)
    falloff = falloff.point([int(max(0.0, 1 - value / EDGE) ** 1.7 * 255 * strength) for value in range(256)])
    layer = Image.new("RGB", image.size)
    layer.paste(colour, (int(centre[0]) - reach, int(centre[1]) - reach), falloff)
    return ImageChops.screen(image, layer)


def disc(image: Image.Image, centre: Point, radius: float, colour: Colour, *, bite: float = 0.0) -> None:
    """A filled circle with a soft edge; `bite` is how far, in radii, a second one covers it, as a moon's."""
    reach = max(2, int(radius) + 2)
    scale = 4
    mask = Image.new("L", (2 * reach * scale, 2 * reach * scale))
    edge = (reach - radius) * scale
    ImageDraw.Draw(mask).ellipse((edge, edge, mask.width - edge, mask.height - edge), fill=255)
    if bite:
        across, up = radius * bite * scale, -radius * bite * scale * 0.4
        ImageDraw.Draw(mask).ellipse(
            (edge + across, edge + up, mask.width - edge + across, mask.height - edge + up), fill=0
        )
    image.paste(colour, (int(centre[0]) - reach, int(centre[1]) - reach), mask.reduce(scale))


def shape_mask(size: Size, points: Sequence[Point]) -> Image.Image:
    """A polygon with smooth edges, as a mask."""
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    ImageDraw.Draw(mask).polygon([(x * 2, y * 2) for x, y in points], fill=255)
    return mask.reduce(2)


def land(image: Image.Image, outline: Sequence[Point], top: Colour, bottom: Colour) -> None:
    """Everything below an outline that runs from the left edge to the right, shaded from top to bottom."""
    width, height = image.size
    mask = shape_mask(image.size, [*outline, (width, height), (0, height)])
    highest = max(0, min(height - 1, int(min(y for _, y in outline))))
    fill = Image.new("RGB", image.size, top)
    fill.paste(gradient((width, height - highest), (top, bottom)), (0, highest))
    image.paste(fill, (0, 0), mask)


def mist(image: Image.Image, top: float, bottom: float, colour: Colour, strength: int) -> None:
    """A band of haze that is thickest in its middle."""
    first, last = max(0, int(top)), min(image.height, int(bottom))
    if last - first >= 2:
        image.paste(colour, (0, first), fade((image.width, last - first), (0, strength, strength, 0)))


def clouds(size: Size, choice: random.Random, *, coarse: int = 6, stretch: float = 3.0) -> Image.Image:
    """Soft noise as a mask: layers of random dots, each twice as fine and half as strong."""
    total = Image.new("L", size)
    for octave in range(4):
        columns = max(2, int(coarse * 2**octave / stretch))
        rows = max(2, coarse * 2**octave)
        dots = Image.frombytes("L", (columns, rows), choice.randbytes(columns * rows))
        layer = dots.resize(size, Image.Resampling.BICUBIC).point(
            [value // 2 ** (octave + 1) for value in range(256)]
        )
        total = ImageChops.add(total, layer)
    return total.point([max(0, min(255, int((value - 120) * 2.6))) for value in range(256)])


def grain(image: Image.Image, choice: random.Random, strength: int) -> Image.Image:
    """Film grain that hides banding; `strength` is the deviation out of 255."""
    tile = Image.frombytes("L", (128, 128), choice.randbytes(128 * 128))
    tile = tile.point([128 + (value - 128) * strength // 128 for value in range(256)])
    noise = Image.new("L", image.size)
    for x in range(0, image.width, 128):
        for y in range(0, image.height, 128):
            noise.paste(tile, (x, y))
    return ImageChops.add(image, Image.merge("RGB", (noise, noise, noise)), 1, -128)


def vignette(image: Image.Image, strength: float) -> Image.Image:
    """Darker corners."""
    edge = Image.radial_gradient("L").resize(image.size, Image.Resampling.BILINEAR)
    table = [int(255 - max(0, value - 110) * strength) for value in range(256)]
    shade = edge.point(table)
    return ImageChops.multiply(image, Image.merge("RGB", (shade, shade, shade)))


def soften(image: Image.Image, radius: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))
