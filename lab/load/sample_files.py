"""The files of `samples/`, for readers to post: `python -m lab.load.sample_files` writes them."""

import json

from lab.approaches import ROOT

from .samples import encode, make_orders, make_photo

SAMPLES = ROOT / "samples"
ORDERS, PHOTO, EMAIL = "orders.csv", "photo.jpg", "email.json"
PHOTO_PX = (480, 360)


def make_files() -> dict[str, bytes]:
    """Return the content of each file by its name."""
    email = {"to": "ann@example.com", "subject": "Your order", "body": "It is on its way."}
    return {
        ORDERS: make_orders(120).csv,
        PHOTO: encode(make_photo(PHOTO_PX, seed=4)),
        EMAIL: json.dumps(email).encode() + b"\n",
    }


if __name__ == "__main__":
    SAMPLES.mkdir(exist_ok=True)
    for name, content in make_files().items():
        (SAMPLES / name).write_bytes(content)
