"""What is in a picture. Each scene takes a size, a palette and a source of chance, and gives an RGB image."""

import itertools
import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw

from playground.sandbox import canvas
from playground.sandbox.canvas import Point, Size
from playground.sandbox.palettes import Palette, blend

Scene = Callable[[Size, Palette, random.Random], Image.Image]


def sky(
    size: Size, palette: Palette, choice: random.Random, horizon: float
) -> tuple[Image.Image, Point, float]:
    """The sky down to the horizon, with its light; also where that light stands and its radius."""
    width, height = size
    image = Image.new("RGB", size, palette.sky[-1])
    image.paste(canvas.gradient((width, max(2, int(height * horizon))), palette.sky), (0, 0))
    small = min(size)
    radius = small * choice.uniform(0.035, 0.085)
    low, high = (0.2, 0.55) if palette.night else (0.45, 0.92)
    centre = (width * choice.uniform(0.18, 0.82), height * horizon * choice.uniform(low, high))
    if palette.night:
        _stars(image, choice, height * horizon)
    image = canvas.glow(image, centre, small * choice.uniform(0.7, 1.05), palette.light, 0.42)
    image = canvas.glow(image, centre, radius * 4, palette.light, 0.55)
    drift = canvas.clouds(size, choice)
    drift = ImageChops.multiply(drift, canvas.fade(size, (90, 150, 110, 10, 0)))
    image.paste(blend(palette.sky[-1], palette.light, 0.55), (0, 0), drift)
    crescent = palette.night and choice.random() < 0.6
    canvas.disc(image, centre, radius, palette.light, bite=0.45 if crescent else 0.0)
    return image, centre, radius


def _stars(image: Image.Image, choice: random.Random, floor: float) -> None:
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(int(image.width * floor / 2600) + 20):
        x, y = choice.uniform(0, image.width), choice.uniform(0, floor) * choice.random() ** 0.6
        size = choice.choice((0.6, 0.6, 0.8, 1.3)) * max(1.0, min(image.size) / 700)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(255, 255, 245, choice.randint(60, 230)))


def ridge(size: Size, base: float, rise: float, choice: random.Random, *, rough: float) -> list[Point]:
    """An outline from left to right by halving: `rough` near 0.5 is gentle, near 0.65 is alpine."""
    width, height = size
    heights = [choice.uniform(-1, 1), choice.uniform(-1, 1)]
    spread = 1.0
    while len(heights) < 257:
        finer = []
        for left, right in itertools.pairwise(heights):
            finer += [left, (left + right) / 2 + choice.uniform(-spread, spread)]
        heights = [*finer, heights[-1]]
        spread *= rough
    step = width / (len(heights) - 1)
    return [(index * step, height * (base - rise * value)) for index, value in enumerate(heights)]


def mountains(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    """Ridges behind each other, bluer and hazier with distance."""
    image, _, _ = sky(size, palette, choice, 0.72)
    layers = choice.randint(4, 6)
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = 0.5 + 0.42 * depth
        rise = 0.17 * (1 - 0.45 * depth)
        outline = ridge(size, base, rise, choice, rough=0.52 + 0.06 * (1 - depth))
        colour = blend(blend(palette.far, palette.sky[-1], 0.45), palette.near, depth**0.8)
        canvas.land(image, outline, colour, blend(colour, palette.sky[-1], 0.42 * (1 - depth)))
        if layer < layers - 1:
            canvas.mist(
                image,
                size[1] * (base - 0.02),
                size[1] * (base + 0.24),
                palette.sky[-1],
                int(105 * (1 - depth)),
            )
    return image


def sea(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    """Open water under a low light, with its glitter, and sometimes an island."""
    width, height = size
    level = choice.uniform(0.52, 0.64)
    image, light, radius = sky(size, palette, choice, level)
    top = int(height * level)
    if choice.random() < 0.7:
        far = ridge(size, level + 0.01, 0.06, choice, rough=0.5)
        canvas.land(image, far, blend(palette.far, palette.near, 0.25), palette.far)
    deep = blend(palette.near, palette.sky[0], 0.35)
    water = canvas.gradient(
        (width, height - top),
        (blend(palette.sky[-1], palette.far, 0.35), blend(palette.far, deep, 0.6), deep),
    )
    image.paste(water, (0, top))
    _swell(image, top, palette, choice)
    _glitter(image, top, light[0], radius, palette, choice)
    if choice.random() < 0.6:
        _boat(image, top, palette, choice)
    return image


def _swell(image: Image.Image, top: int, palette: Palette, choice: random.Random) -> None:
    draw = ImageDraw.Draw(image, "RGBA")
    depth = image.height - top
    for _ in range(260):
        near = choice.random() ** 1.6
        y = top + depth * near
        length = image.width * (0.02 + 0.22 * near) * choice.uniform(0.4, 1.2)
        x = choice.uniform(-length, image.width)
        tone = palette.light if choice.random() < 0.4 else palette.near
        thick = max(1, int(1 + 4 * near * image.height / 1000))
        draw.line((x, y, x + length, y), fill=(*tone, int(10 + 26 * near)), width=thick)


def _glitter(
    image: Image.Image, top: int, centre: float, radius: float, palette: Palette, choice: random.Random
) -> None:
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    depth = image.height - top
    for _ in range(420):
        near = choice.random() ** 1.3
        spread = radius * (0.9 + 3.2 * near)
        x, y = choice.gauss(centre, spread * 0.5), top + 1 + depth * near
        half = radius * choice.uniform(0.12, 0.55) * (0.5 + near)
        thick = max(0.7, half * 0.09)
        draw.ellipse(
            (x - half, y - thick, x + half, y + thick), fill=(*palette.light, int(190 * (1 - near * 0.75)))
        )
    image.paste(layer, (0, 0), layer)


def _boat(image: Image.Image, top: int, palette: Palette, choice: random.Random) -> None:
    unit = min(image.size) * choice.uniform(0.018, 0.04)
    x = image.width * choice.uniform(0.15, 0.85)
    y = top + unit * choice.uniform(1.0, 3.0)
    draw = ImageDraw.Draw(image)
    draw.polygon(
        [(x - unit, y), (x + unit, y), (x + unit * 0.7, y + unit * 0.4), (x - unit * 0.7, y + unit * 0.4)],
        fill=palette.near,
    )
    draw.polygon(
        [(x, y - unit * 0.15), (x, y - unit * 2.3), (x + unit * 0.85, y - unit * 0.15)],
        fill=blend(palette.near, palette.light, 0.8),
    )
    draw.polygon(
        [
            (x - unit * 0.1, y - unit * 0.15),
            (x - unit * 0.1, y - unit * 1.9),
            (x - unit * 0.7, y - unit * 0.15),
        ],
        fill=blend(palette.near, palette.light, 0.6),
    )


def dunes(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    """Long slopes with a lit and a shaded side."""
    width, height = size
    image, light, _ = sky(size, palette, choice, 0.66)
    for layer in range(5):
        depth = layer / 4
        base = 0.58 + 0.34 * depth
        waves = [
            (choice.uniform(0.5, 1.6), choice.uniform(0, 6.3), choice.uniform(0.02, 0.05)) for _ in range(3)
        ]
        outline = [
            (x, height * (base + sum(a * math.sin(f * 6.28 * x / width + p) for f, p, a in waves)))
            for x in range(0, width + 8, 4)
        ]
        colour = blend(blend(palette.far, palette.light, 0.25), palette.near, depth * 0.62)
        canvas.land(image, outline, blend(colour, palette.light, 0.22), colour)
        peak = min(outline, key=lambda point: point[1])
        side = -1 if light[0] > peak[0] else 1
        shade = [point for point in outline if (point[0] - peak[0]) * side >= 0]
        foot = (peak[0] + side * width * choice.uniform(0.02, 0.2), float(height))
        edge = (shade[-1][0] if side > 0 else shade[0][0], float(height))
        corners = [*shade, edge, foot] if side > 0 else [*shade, foot, edge]
        mask = canvas.soften(canvas.shape_mask(size, corners), 1.5).point(
            [value * 70 // 255 for value in range(256)]
        )
        image.paste(palette.near, (0, 0), mask)
    return image


def city(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    """Towers in three depths, with windows lit against a dark sky."""
    width, height = size
    image, _, _ = sky(size, palette, choice, 0.85)
    draw = ImageDraw.Draw(image)
    for layer in range(3):
        depth = layer / 2
        colour = blend(blend(palette.far, palette.sky[-1], 0.3), palette.near, depth)
        x = -width * 0.02
        while x < width:
            broad = width * choice.uniform(0.035, 0.085) * (0.75 + 0.6 * depth)
            tall = height * choice.triangular(0.12, 0.5, 0.2) * (1.15 - 0.35 * depth)
            roof = height * (0.86 + 0.06 * depth) - tall
            draw.rectangle((x, roof, x + broad, height), fill=colour)
            if choice.random() < 0.22:
                draw.rectangle((x + broad * 0.48, roof - tall * 0.22, x + broad * 0.52, roof), fill=colour)
            _windows(draw, (x, roof, x + broad, height), palette, depth, choice)
            x += broad * choice.uniform(0.85, 1.25)
        canvas.mist(image, height * 0.55, height * 1.05, palette.sky[-1], int(85 * (1 - depth)))
    return image


def _windows(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    palette: Palette,
    depth: float,
    choice: random.Random,
) -> None:
    left, top, right, bottom = box
    pitch = max(4.0, (right - left) / choice.randint(5, 8))
    dark = sum(palette.sky[1]) < 330
    lit = blend(palette.light, (255, 200, 110), 0.6) if dark else blend(palette.near, palette.sky[1], 0.35)
    share = 0.42 if dark else 0.3
    y = top + pitch
    while y < bottom - pitch:
        x = left + pitch * 0.6
        while x < right - pitch * 0.7:
            if choice.random() < share * (0.4 + 0.6 * depth):
                draw.rectangle((x, y, x + pitch * 0.42, y + pitch * 0.5), fill=lit)
            x += pitch
        y += pitch * 1.15


def forest(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    """Conifers on hills that rise out of mist."""
    height = size[1]
    image, _, _ = sky(size, palette, choice, 0.7)
    layers = 5
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = 0.52 + 0.4 * depth
        outline = ridge(size, base, 0.08, choice, rough=0.46)
        colour = blend(blend(palette.far, palette.sky[-1], 0.4), palette.near, depth**0.75)
        canvas.land(image, outline, colour, blend(colour, palette.sky[-1], 0.3 * (1 - depth)))
        draw = ImageDraw.Draw(image)
        tall = height * (0.035 + 0.12 * depth)
        for _ in range(int(90 - 50 * depth)):
            x, y = choice.choice(outline)
            _conifer(
                draw, x + choice.uniform(-4, 4), y + tall * 0.12, tall * choice.uniform(0.55, 1.15), colour
            )
        if layer < layers - 1:
            canvas.mist(
                image, height * (base - 0.03), height * (base + 0.2), palette.sky[-1], int(120 * (1 - depth))
            )
    return image


def _conifer(
    draw: ImageDraw.ImageDraw, x: float, foot: float, tall: float, colour: tuple[int, int, int]
) -> None:
    for tier in range(4):
        top = foot - tall * (1 - tier * 0.2)
        low = foot - tall * max(0.04, 0.62 - tier * 0.2)
        half = tall * (0.09 + 0.055 * tier)
        draw.polygon([(x, top), (x - half, low), (x + half, low)], fill=colour)


def ribbons(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    """Abstract: a soft field of colour, flowing bands, thin rings."""
    width, height = size
    image = _field(size, palette, choice)
    tones = [*palette.sky, palette.light, palette.far]
    for band in range(choice.randint(7, 11)):
        middle = height * choice.uniform(0.1, 0.95)
        waves = [
            (choice.uniform(0.3, 1.3), choice.uniform(0, 6.3), height * choice.uniform(0.03, 0.13))
            for _ in range(2)
        ]
        thick = height * choice.uniform(0.03, 0.16)
        upper, lower = [], []
        for x in range(0, width + 8, 4):
            y = middle + sum(a * math.sin(f * 6.28 * x / width + p) for f, p, a in waves)
            swell = thick * (0.35 + 0.65 * abs(math.sin(3.14 * x / width * waves[0][0] + band)))
            upper.append((float(x), y - swell / 2))
            lower.append((float(x), y + swell / 2))
        mask = canvas.shape_mask(size, upper + lower[::-1])
        shade = canvas.fade(size, [choice.randint(40, 210) for _ in range(4)])
        first, second = choice.choice(tones), choice.choice(tones)
        image.paste(canvas.gradient(size, (first, second)), (0, 0), ImageChops.multiply(mask, shade))
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(choice.randint(2, 5)):
        across, down = choice.uniform(0, width), choice.uniform(0, height)
        reach = min(size) * choice.uniform(0.06, 0.3)
        draw.ellipse(
            (across - reach, down - reach, across + reach, down + reach),
            outline=(*palette.light, 110),
            width=max(1, min(size) // 400),
        )
    return image


def _field(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    small = Image.new("RGB", (96, 96), palette.sky[0])
    draw = ImageDraw.Draw(small)
    for _ in range(14):
        x, y, reach = choice.uniform(0, 96), choice.uniform(0, 96), choice.uniform(10, 34)
        tone = choice.choice([*palette.sky, palette.far, palette.near, palette.light])
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=tone)
    return canvas.soften(small, 13).resize(size, Image.Resampling.BICUBIC)


def orbs(size: Size, palette: Palette, choice: random.Random) -> Image.Image:
    """Abstract: lit spheres over a soft field, the small ones behind."""
    image = _field(size, palette, choice)
    count = choice.randint(6, 11)
    for index in range(count):
        reach = min(size) * (0.03 + 0.2 * (index / count) ** 1.6) * choice.uniform(0.8, 1.2)
        centre = (size[0] * choice.uniform(0.05, 0.95), size[1] * choice.uniform(0.1, 0.92))
        tone = choice.choice([*palette.sky, palette.far, palette.light])
        orb(image, centre, reach, tone, palette)
    return image


def orb(
    image: Image.Image, centre: Point, reach: float, tone: tuple[int, int, int], palette: Palette
) -> None:
    side = max(8, int(reach * 2))
    shadow = canvas.soften(_circle(int(side * 1.5), side), side / 9).point(
        [value * 110 // 255 for value in range(256)]
    )
    image.paste(palette.near, (int(centre[0] - side * 0.72), int(centre[1] - side * 0.55)), shadow)
    ball = canvas.gradient(
        (side, side), (blend(tone, palette.light, 0.45), tone, blend(tone, palette.near, 0.65))
    )
    ball = canvas.glow(ball, (side * 0.34, side * 0.28), side * 0.5, (255, 255, 255), 0.5)
    image.paste(ball, (int(centre[0] - side / 2), int(centre[1] - side / 2)), _circle(side, side))


def _circle(frame: int, side: int) -> Image.Image:
    """A circle of a diameter in the middle of a square mask."""
    mask = Image.new("L", (frame * 2, frame * 2))
    edge = frame - side
    ImageDraw.Draw(mask).ellipse((edge, edge, frame * 2 - edge - 1, frame * 2 - edge - 1), fill=255)
    return mask.reduce(2)


SCENES: dict[str, Scene] = {
    "mountains": mountains,
    "sea": sea,
    "dunes": dunes,
    "city": city,
    "forest": forest,
    "ribbons": ribbons,
    "orbs": orbs,
}

WORDS = {
    "mountain": "mountains", "alp": "mountains", "peak": "mountains", "valley": "mountains",
    "hill": "mountains",
    "sea": "sea", "ocean": "sea", "beach": "sea", "lake": "sea", "harbour": "sea", "harbor": "sea",
    "boat": "sea",
    "ship": "sea", "river": "sea", "water": "sea", "lighthouse": "sea", "island": "sea",
    "desert": "dunes", "dune": "dunes", "sand": "dunes", "mars": "dunes",
    "city": "city", "street": "city", "skyline": "city", "tower": "city", "building": "city", "neon": "city",
    "tokyo": "city", "york": "city",
    "forest": "forest", "tree": "forest", "wood": "forest",
    "jungle": "forest", "cabin": "forest", "fox": "forest",
    "abstract": "ribbons", "pattern": "ribbons", "logo": "ribbons", "wallpaper": "ribbons", "silk": "ribbons",
    "product": "orbs", "bottle": "orbs", "glass": "orbs", "planet": "orbs",
    "sphere": "orbs", "bubble": "orbs",
    "still life": "orbs", "fruit": "orbs",
}  # fmt: skip


def choose(prompt: str, choice: random.Random) -> Scene:
    """The scene a word of the prompt asks for, else any."""
    lowered = prompt.lower()
    fitting = sorted({name for word, name in WORDS.items() if word in lowered}) or sorted(SCENES)
    return SCENES[choice.choice(fitting)]
