"""How fast and how frugal is the translation of folders on this machine?

Speed is compared within one process, in turns, so that a busy machine disturbs all alike: the
network alone, on a photo that is in memory; a plain script that opens, translates (one photo at a
time, float32) and saves as PNG; and the folder command, which keeps the format. Memory is that of a
process of its own.
"""

import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from translate.bundle import Bundle, load_bundle, save_bundle
from translate.images import Pixels, to_pixels, to_tensor
from translate.inference.folder import translate_folder
from translate.inference.translator import Translator
from translate.networks import Generator, ResNetSettings, build_generator
from translate.networks.layers import ColourConvolution, InstanceNorm

SIDE_PX = 256


def paper_bundle(folder: Path, base_channels: int = 64, blocks: int = 9) -> Path:
    """Write a bundle of the paper's generator, untrained: what it computes takes as long."""
    randomness = torch.Generator().manual_seed(0)
    settings = ResNetSettings(base_channels=base_channels, blocks=blocks)
    generator = build_generator(settings, randomness)
    domains = {"a": "day", "b": "night"}
    bundle = Bundle("cyclegan", domains, {"a_to_b": generator}, training_side_px=SIDE_PX)
    save_bundle(bundle, folder)
    return folder


def draw_photo(height: int, width: int, seed: int) -> Pixels:
    """Make something as smooth, and as grainy, as photos are."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (max(2, height // 32), max(2, width // 32), 3), np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    grain = random.integers(-6, 7, (height, width, 1), np.int16)
    photo: Pixels = (smooth + grain).clip(0, 255).astype(np.uint8)
    return photo


def write_photos(folder: Path, count: int, side_px: int = SIDE_PX, suffix: str = ".png") -> Path:
    """Write files of a format."""
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = draw_photo(side_px, side_px, number)
        Image.fromarray(pixels).save(folder / f"{number:05}{suffix}")
    return folder


def compare_rates(
    photos: int, turns: int, suffix: str = ".jpg", base_channels: int = 64, blocks: int = 9
) -> dict[str, Any]:
    """Let the network alone, a plain script and the folder command take turns.

    Args:
        photos: How many the folder command translates in all; the others take a share of them.
        turns: In how many parts.
        suffix: Of the photos, and of what the folder command makes of them.
    """
    rates: dict[str, list[float]] = {"network": [], "plain": [], "folder": []}
    with tempfile.TemporaryDirectory() as scratch:
        bundle = load_bundle(paper_bundle(Path(scratch) / "bundle", base_channels, blocks))
        with Translator(bundle, device="cpu") as translator:
            bare = _bare(bundle.generators["a_to_b"], translator.choices.usual)
            for turn in range(turns):
                source = write_photos(
                    Path(scratch) / f"photos{turn}", photos // turns, suffix=suffix
                )
                files = sorted(source.iterdir())
                target = Path(scratch) / f"out{turn}"
                few = files[: max(4, len(files) // 3)]
                rates["plain"].append(_rate(_plain(bundle.generators["a_to_b"], target), few))
                before = _rate(lambda _: bare(), few)
                start = time.perf_counter()
                report = translate_folder(source, target, translator)
                rates["folder"].append(len(report.done) / (time.perf_counter() - start))
                rates["network"].append((before + _rate(lambda _: bare(), few)) / 2)
    return {"suffix": suffix, **_describe(rates, photos, str(translator.choices))}


def _describe(rates: dict[str, list[float]], photos: int, choices: str) -> dict[str, Any]:
    result: dict[str, Any] = {"photos": photos, "side_px": SIDE_PX, "choices": choices}
    result["images_per_second"] = {n: round(statistics.median(r), 2) for n, r in rates.items()}
    for other in ("network", "plain"):
        ratios = [ours / theirs for ours, theirs in zip(rates["folder"], rates[other], strict=True)]
        result[f"folder_to_{other}"] = round(statistics.median(ratios), 3)
        result[f"folder_to_{other}_spread"] = [round(min(ratios), 3), round(max(ratios), 3)]
    return result


def _rate(work: Callable[[Path], object], files: list[Path]) -> float:
    work(files[0])  # warm
    start = time.perf_counter()
    for file in files:
        work(file)
    return len(files) / (time.perf_counter() - start)


def _bare(generator: Generator, numbers: torch.dtype) -> Callable[[], object]:
    network = copy.deepcopy(generator).eval().to(numbers)
    photo = to_tensor(draw_photo(SIDE_PX, SIDE_PX, 0))[None].to(numbers)
    photo = photo.contiguous(memory_format=torch.channels_last)  # as the translator does

    def run() -> object:
        with torch.inference_mode():
            return network(photo)

    return run


def _plain(generator: Generator, target: Path) -> Callable[[Path], object]:
    network = _with_stock_layers(generator)
    folder = target.with_name(f"{target.name}_plain")
    folder.mkdir()

    def run(file: Path) -> None:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        with torch.no_grad():
            translated = network(to_tensor(pixels)[None])[0]
        Image.fromarray(to_pixels(translated)).save(folder / f"{file.stem}.png")

    return run


def _with_stock_layers(generator: Generator) -> nn.Module:
    """Put PyTorch's layers in the place of ours that compute the same faster."""
    network = copy.deepcopy(generator).eval()
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, InstanceNorm):
                setattr(parent, name, nn.InstanceNorm2d(layer.num_features))
            elif isinstance(layer, ColourConvolution):
                side = layer.kernel_size[0]
                stock = nn.Conv2d(layer.in_channels, layer.out_channels, side)
                stock.load_state_dict(layer.state_dict())
                setattr(parent, name, stock)
    return network


def measure_large(
    height: int,
    width: int,
    options: list[str],
    scratch: Path | None = None,
    base_channels: int = 64,
    blocks: int = 9,
) -> dict[str, Any]:
    """Translate one large photo by the command, in a process of its own; tell its peak memory.

    Args:
        options: Further words of the command, such as `--max-memory 4GiB`.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        bundle = paper_bundle(Path(folder) / "bundle", base_channels, blocks)
        photo = Path(folder) / "photo.jpg"
        Image.fromarray(draw_photo(height, width, 0)).save(photo, quality=90)
        command = ["photo.jpg", "out.jpg", "--model", str(bundle), *options]
        return _run_measured(command, Path(folder)) | {
            "megapixels": height * width / 1e6,
            "options": " ".join(options),
            "is_whole": Image.open(Path(folder) / "out.jpg").size == (width, height),
        }


def _run_measured(words: list[str], folder: Path) -> dict[str, Any]:
    """Run the command in a child of a child, whose peak memory is then known.

    A child's peak begins with that of the process that started it: this one's may be large.
    """
    program = (
        "import json, resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "code = subprocess.run([sys.executable, '-m', 'translate', *sys.argv[1:]]).returncode\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20\n"
        "print(json.dumps({'exit_code': code, 'seconds': time.perf_counter() - start, "
        "'peak_gib': peak}))\n"
    )
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure_exactness(
    height: int, width: int, base_channels: int = 64, blocks: int = 9
) -> dict[str, Any]:
    """Compare strips with the whole photo, both in float32."""
    with tempfile.TemporaryDirectory() as scratch:
        bundle = load_bundle(paper_bundle(Path(scratch) / "bundle", base_channels, blocks))
    photo = to_tensor(draw_photo(height, width, 0))
    whole = Translator(bundle, device="cpu", precision="fp32", max_memory=64 * 2**30)(photo)
    result: dict[str, Any] = {"megapixels": height * width / 1e6, "std": whole.std().item()}
    for way in ("exact", "thumbnail"):
        translator = Translator(
            bundle, device="cpu", precision="fp32", statistics=way, max_memory=2**30
        )
        difference = (translator(photo) - whole).abs()
        result[way] = {"max": difference.max().item(), "mean": difference.mean().item()}
    return result


def measure_many(files: int, side_px: int, say: Callable[[str], object]) -> dict[str, Any]:
    """Translate very many tiny files with a tiny network, and watch the memory of the process."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        bundle = paper_bundle(scratch / "bundle", base_channels=2, blocks=1)
        _write_many(scratch / "photos", files, side_px)
        say(f"{files} files of {side_px} x {side_px} px are written")
        command = [sys.executable, "-m", "translate", "photos", "out", "--model", str(bundle)]
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=scratch)  # noqa: S603
        samples = _watch(process, scratch / "out", start)
        done = [sample for sample in samples if sample["done"] > 0]
        early = next(sample for sample in done if sample["done"] >= min(1000, files // 2))
        return {
            "files": files,
            "exit_code": process.returncode,
            "first_output_after_s": done[0]["seconds"],
            "seconds": samples[-1]["seconds"],
            "mib_at_file_1000": early["mib"],
            "mib_at_the_end": max(sample["mib"] for sample in done[-3:]),
            "growth": max(sample["mib"] for sample in done[-3:]) / early["mib"] - 1,
        }


def _write_many(folder: Path, files: int, side_px: int) -> None:
    """Write files in folders of a thousand: the same picture again and again will do."""
    Image.fromarray(draw_photo(side_px, side_px, 0)).save(folder.with_suffix(".png"))
    content = folder.with_suffix(".png").read_bytes()
    for number in range(files):
        if number % 1000 == 0:
            (folder / f"{number // 1000:04}").mkdir(parents=True)
        (folder / f"{number // 1000:04}" / f"{number:07}.png").write_bytes(content)


def _watch(
    process: "subprocess.Popen[bytes]", target: Path, start: float
) -> list[dict[str, float]]:
    import psutil  # noqa: PLC0415 - only here

    samples: list[dict[str, float]] = []
    manifest = target / ".photo-translate.jsonl"
    place = done = 0
    while process.poll() is None:
        time.sleep(0.5)
        if manifest.exists():
            with manifest.open("rb") as stream:
                stream.seek(place)
                new = stream.read()
            place += len(new)
            done += new.count(b"\n")
        try:
            mib = psutil.Process(process.pid).memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            break
        seconds = time.perf_counter() - start
        if mib > 1:
            samples.append({"seconds": round(seconds, 1), "done": done, "mib": round(mib)})
    process.wait()
    return samples
