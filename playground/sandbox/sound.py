"""Short music made from the seed: a slow chord progression with a plucked line, mono, 16 bit."""

import functools
import io
import math
import wave
from array import array

from playground.sandbox.chance import chance

RATE = 22_050
CHORD_SECONDS = 1.25
VARIANTS = 4
"""Seeds that leave the same rest share one tune, so that a thousand calls compose four."""

PROGRESSIONS = (
    ((0, 4, 7, 11), (9, 12, 16, 19), (5, 9, 12, 16), (7, 11, 14, 17)),
    ((0, 3, 7, 10), (8, 12, 15, 19), (3, 7, 10, 14), (10, 14, 17, 20)),
    ((0, 4, 7, 14), (5, 9, 12, 16), (9, 12, 16, 19), (5, 9, 12, 19)),
    ((0, 3, 7, 14), (5, 8, 12, 15), (0, 3, 7, 10), (7, 10, 14, 17)),
)


def wav(seed: int) -> bytes:
    """Five seconds of RIFF/WAVE, about 220 KB."""
    return _compose(seed % VARIANTS)


@functools.cache
def _compose(variant: int) -> bytes:
    choice = chance(variant)
    root = 110.0 * 2 ** (variant * 2 / 12)
    samples = array("f", bytes(4 * int(RATE * CHORD_SECONDS * 4)))
    for place, chord in enumerate(PROGRESSIONS[variant]):
        start = int(place * CHORD_SECONDS * RATE)
        for step in chord:
            _add(samples, start, root * 2 ** (step / 12), CHORD_SECONDS + 0.3, 0.10, attack=0.12, decay=1.1)
        for pluck in range(4):
            step = choice.choice(chord) + 12
            begin = start + int(pluck * CHORD_SECONDS / 4 * RATE)
            _add(samples, begin, root * 2 ** (step / 12), 0.6, 0.16, attack=0.004, decay=5.0)
    fade = RATE // 3
    for index in range(fade):
        samples[len(samples) - 1 - index] *= index / fade
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        pcm = array("h", (max(-32767, min(32767, int(value * 32767))) for value in samples))
        file.writeframes(pcm.tobytes())
    return out.getvalue()


def _add(
    samples: "array[float]",
    start: int,
    pitch: float,
    seconds: float,
    volume: float,
    *,
    attack: float,
    decay: float,
) -> None:
    """Mix in one note: two partials under an exponential envelope."""
    turn = 2 * math.pi * pitch / RATE
    for index in range(min(int(seconds * RATE), len(samples) - start)):
        moment = index / RATE
        level = volume * min(1.0, moment / attack) * math.exp(-decay * moment)
        samples[start + index] += level * (math.sin(turn * index) + 0.35 * math.sin(2 * turn * index))
