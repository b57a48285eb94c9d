"""Makes the clips beside it: `python -m playground.sandbox.media.make_clips`.

Needs an `ffmpeg` with x264 and lame. Run it only to change the clips; the files are committed, and another
version of ffmpeg gives other bytes.
"""

import math
import random
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from playground.sandbox import canvas, scenes, sound
from playground.sandbox.chance import chance
from playground.sandbox.palettes import PALETTES, Palette, blend

FOLDER = Path(__file__).resolve().parent
SIZE = (640, 360)
RATE = 24
FRAMES = 96

Frame = Callable[[int], Image.Image]


def _named(name: str) -> Palette:
    return next(palette for palette in PALETTES if palette.name == name)


def _share(index: int) -> float:
    return index / FRAMES


def ridges() -> Frame:
    """A ride along mountains at dawn: the near ridges pass faster than the far ones."""
    palette = _named("dawn")
    wide = (SIZE[0] * 2, SIZE[1])
    choice = chance(11)
    outlines = [
        scenes.ridge(wide, 0.5 + 0.1 * layer, 0.15 - 0.02 * layer, choice, rough=0.54) for layer in range(5)
    ]

    def frame(index: int) -> Image.Image:
        image = canvas.gradient(SIZE, palette.sky)
        image = canvas.glow(
            image, (440 - 30 * _share(index), 170 - 40 * _share(index)), 260, palette.light, 0.6
        )
        canvas.disc(image, (440 - 30 * _share(index), 170 - 40 * _share(index)), 24, palette.light)
        for layer, outline in enumerate(outlines):
            shift = 40 * _share(index) * (1 + layer) ** 1.5
            seen = [(x - shift, y) for x, y in outline if -12 <= x - shift <= SIZE[0] + 12]
            colour = blend(blend(palette.far, palette.sky[-1], 0.4), palette.near, (layer / 4) ** 0.8)
            canvas.land(image, seen, colour, blend(colour, palette.sky[-1], 0.3 * (1 - layer / 4)))
        return image

    return frame


def tide() -> Frame:
    """Waves under a sinking sun."""
    palette = _named("sunset")

    def frame(index: int) -> Image.Image:
        image = canvas.gradient(
            SIZE, (*palette.sky, blend(palette.far, palette.near, 0.3), palette.near, palette.near)
        )
        sun = (320.0, 110 + 60 * _share(index))
        image = canvas.glow(image, sun, 300, palette.light, 0.55)
        canvas.disc(image, sun, 34, palette.light)
        for layer in range(6):
            turn = 2 * math.pi * _share(index) * (1 + layer % 2)
            base, high = 196 + layer * layer * 5.2 + 6 * layer, 2.0 + 2.2 * layer
            outline = [
                (
                    float(x),
                    base
                    + high * math.sin(x / (46 + 30 * layer) + turn + layer)
                    + high * 0.4 * math.sin(x / 23 - turn),
                )
                for x in range(-4, SIZE[0] + 8, 4)
            ]
            colour = blend(blend(palette.sky[2], palette.sky[0], 0.35), palette.near, (layer / 5) ** 0.7)
            canvas.land(image, outline, blend(colour, palette.light, 0.18), colour)
        return image

    return frame


def planets() -> Frame:
    """Spheres on their rounds."""
    palette = _named("mint")
    tones = [palette.sky[0], palette.far, palette.light, palette.sky[1], palette.near]

    def frame(index: int) -> Image.Image:
        image = canvas.gradient(SIZE, (palette.sky[2], palette.sky[3], palette.sky[2]))
        order = []
        for number, tone in enumerate(tones):
            angle = 2 * math.pi * (_share(index) * (1 if number % 2 else -1) + number / len(tones))
            reach = 60.0 + 42 * number
            order.append(
                (
                    math.sin(angle),
                    320 + reach * math.cos(angle),
                    180 + reach * 0.4 * math.sin(angle),
                    number,
                    tone,
                )
            )
        for depth, x, y, number, tone in sorted(order):
            scenes.orb(image, (x, y), (18 + 6 * number) * (1 + 0.25 * depth), tone, palette)
        return image

    return frame


def lights() -> Frame:
    """A town at night going by, under a moon that stays."""
    palette = _named("night")
    layers = []
    for layer, width in enumerate((760, 900, 1240)):
        town = Image.new("RGBA", (width, SIZE[1]))
        _towers(town, palette, layer, chance(layer + 40))
        layers.append(town)

    def frame(index: int) -> Image.Image:
        image = canvas.gradient(SIZE, palette.sky)
        image = canvas.glow(image, (500, 80), 220, palette.light, 0.5)
        canvas.disc(image, (500, 80), 24, palette.light, bite=0.45)
        for town in layers:
            shift = int((town.width - SIZE[0]) * _share(index))
            image.paste(town, (-shift, 0), town)
        return image

    return frame


def _towers(town: Image.Image, palette: Palette, layer: int, choice: random.Random) -> None:
    draw = ImageDraw.Draw(town)
    colour = blend(palette.far, palette.near, layer / 2)
    lit = blend(palette.light, (255, 200, 110), 0.6)
    x = -10.0
    while x < town.width:
        broad = choice.uniform(34, 60) * (0.8 + 0.3 * layer)
        roof = SIZE[1] - choice.triangular(60, 240 - 30 * layer, 110)
        draw.rectangle((x, roof, x + broad, SIZE[1]), fill=colour)
        for row in range(int(roof) + 10, SIZE[1] - 8, 14):
            for column in range(int(x) + 6, int(x + broad) - 8, 11):
                if choice.random() < 0.16 + 0.1 * layer:
                    draw.rectangle((column, row, column + 4, row + 6), fill=lit)
        x += broad * choice.uniform(0.95, 1.3)


CLIPS: dict[str, Callable[[], Frame]] = {"ridges": ridges, "tide": tide, "planets": planets, "lights": lights}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (clip, make) in enumerate(sorted(CLIPS.items())):
            tune = folder / "tune.wav"
            tune.write_bytes(sound.wav(number))
            frame = make()
            for index in range(FRAMES):
                frame(index).save(folder / f"{index:04d}.png", compress_level=1)
            _ffmpeg(
                *("-framerate", str(RATE), "-i", str(folder / "%04d.png"), "-i", str(tune), "-shortest"),
                *("-c:v", "libx264", "-preset", "veryslow", "-crf", "27", "-pix_fmt", "yuv420p"),
                *("-c:a", "aac", "-b:a", "48k", "-movflags", "+faststart", str(FOLDER / f"{clip}.mp4")),
            )
            _ffmpeg(
                "-i", str(tune), "-c:a", "libmp3lame", "-b:a", "64k", str(FOLDER / f"tune-{number + 1}.mp3")
            )


def _ffmpeg(*arguments: str) -> None:
    plain = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
    *inputs, target = arguments
    subprocess.run(["ffmpeg", "-y", "-v", "error", *inputs, *plain, target], check=True)


if __name__ == "__main__":
    main()
