"""Colours of a picture: a sky from top to horizon, a light, and the land from far to near."""

import colorsys
import random
from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """`sky` runs from the top to the horizon; `far` and `near` are the ends of the land's depth."""

    name: str
    sky: tuple[Colour, ...]
    light: Colour
    far: Colour
    near: Colour
    night: bool = False


def _c(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _palette(name: str, sky: str, light: str, far: str, near: str, *, night: bool = False) -> Palette:
    return Palette(name, tuple(_c(part) for part in sky.split()), _c(light), _c(far), _c(near), night)


PALETTES = (
    _palette("dawn", "31456b 7d7fa3 d9a6a0 f7d4a8", "fff1cf", "b8939f", "2b2a45"),
    _palette("sunset", "2a2350 7a3b6e d9605a f9b15e", "ffe9b0", "8e4a6b", "1d1630"),
    _palette("noon", "2f7fc1 6fb3dd b7dcea eaf4ee", "fffbe8", "8fb7c4", "1f4a4c"),
    _palette("dusk", "141d3a 31406e 7a6a96 d99a94", "ffd9b8", "6a6590", "12142b"),
    _palette("night", "050a1c 0c1a3a 1b3560 3a5f86", "f4f3e2", "2c4a70", "040812", night=True),
    _palette("aurora", "04101c 062a35 0f5a55 2f9a78", "e6fff0", "1c5a58", "03100f", night=True),
    _palette("autumn", "4a5f73 93a3a3 e2c48f f4b860", "fff0cc", "c08a5a", "40211a"),
    _palette("mint", "3e8f8c 84c4b5 c8e6cf f6f3da", "fffdf0", "8cc0ae", "163f45"),
    _palette("rose", "5a3f6b a8688a e8a0a0 fbdcc8", "fff4ea", "b98097", "33203d"),
    _palette("storm", "1e2832 3f505e 76888f b8bcb2", "f2ead2", "66787f", "11181d"),
    _palette("desert", "38688f 8fa9b3 e6cfa8 f5b97a", "fff3d6", "d09a6a", "5a2a1e"),
    _palette("ink", "1b1b22 4a4a55 9a97a0 e4dfd8", "ffffff", "85828c", "0d0d12"),
)

MOODS = {
    "night": ("night", "aurora"),
    "moon": ("night", "dusk"),
    "star": ("night", "aurora"),
    "aurora": ("aurora",),
    "space": ("night", "ink"),
    "sunset": ("sunset",),
    "sunrise": ("dawn",),
    "dawn": ("dawn",),
    "morning": ("dawn", "mint"),
    "dusk": ("dusk", "rose"),
    "evening": ("dusk", "sunset"),
    "autumn": ("autumn",),
    "desert": ("desert",),
    "storm": ("storm",),
    "rain": ("storm",),
    "fog": ("storm", "ink"),
    "summer": ("noon", "mint"),
    "noon": ("noon",),
    "spring": ("mint", "rose"),
    "snow": ("noon", "ink"),
    "winter": ("ink", "noon"),
    "neon": ("sunset", "aurora"),
    "black and white": ("ink",),
}


def choose(prompt: str, choice: random.Random) -> Palette:
    """The palette a word of the prompt asks for, else any; its hues are shifted a little by the seed."""
    lowered = prompt.lower()
    names = [name for word, moods in MOODS.items() if word in lowered for name in moods]
    fitting = [palette for palette in PALETTES if palette.name in names] or list(PALETTES)
    return shifted(choice.choice(fitting), choice.uniform(-0.035, 0.035), choice.uniform(0.9, 1.12))


def shifted(palette: Palette, turn: float, strength: float) -> Palette:
    def shift(colour: Colour) -> Colour:
        hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
        red, green, blue = colorsys.hls_to_rgb((hue + turn) % 1, light, min(1.0, saturation * strength))
        return round(red * 255), round(green * 255), round(blue * 255)

    sky = tuple(shift(colour) for colour in palette.sky)
    return Palette(palette.name, sky, palette.light, shift(palette.far), shift(palette.near), palette.night)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """`first` at 0, `second` at 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
