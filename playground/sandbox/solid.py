"""A small solid in binary glTF: a faceted stone whose form and colour follow the seed."""

import json
import math
import random
import struct

from playground.sandbox.chance import chance


def glb(seed: int) -> bytes:
    """A valid .glb of two to three kilobytes."""
    choice = chance(seed)
    corners = _corners(choice)
    faces = [(0, 1 + i, 1 + (i + 1) % 6) for i in range(6)] + [(7, 1 + (i + 1) % 6, 1 + i) for i in range(6)]
    points = [corners[corner] for face in faces for corner in face]
    positions = b"".join(struct.pack("<3f", *point) for point in points)
    colour = [round(choice.uniform(0.3, 0.9), 3) for _ in range(3)] + [1.0]
    low = [min(point[axis] for point in points) for axis in range(3)]
    high = [max(point[axis] for point in points) for axis in range(3)]
    scene = {
        "asset": {"version": "2.0", "generator": "sandbox"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": colour, "metallicFactor": 0.1}}],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(points),
                "type": "VEC3",
                "min": low,
                "max": high,
            }
        ],
        "bufferViews": [{"buffer": 0, "byteLength": len(positions), "target": 34962}],
        "buffers": [{"byteLength": len(positions)}],
    }
    text = json.dumps(scene, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = (
        struct.pack("<I4s", len(text), b"JSON")
        + text
        + struct.pack("<I4s", len(positions), b"BIN\0")
        + positions
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _corners(choice: random.Random) -> list[tuple[float, float, float]]:
    """A top, a ring of six, a bottom; rounded to what a 32-bit float holds so that min and max stay true."""
    ring = []
    for i in range(6):
        reach, angle = choice.uniform(0.8, 1.2), i * math.pi / 3
        ring.append((reach * math.cos(angle), choice.uniform(-0.2, 0.3), reach * math.sin(angle)))
    raw = [(0.0, choice.uniform(1.0, 1.7), 0.0), *ring, (0.0, choice.uniform(-1.2, -0.8), 0.0)]
    return [struct.unpack("<3f", struct.pack("<3f", *point)) for point in raw]
