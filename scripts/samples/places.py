"""Where the samples go, and what is written about them."""

import shutil
from pathlib import Path

import onnx
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[2] / 'assets' / 'samples'
SEED = 2024


def write_model(model, name):
    """Writes the file; gives the number of its parameters and its size."""
    onnx.save(model, SAMPLES / name)
    return {
        'parameters': sum(onnx.numpy_helper.to_array(w).size for w in model.graph.initializer),
        'kilobytes': round((SAMPLES / name).stat().st_size / 1000),
    }


def write_pictures(pictures, folder):
    """Writes pictures of uint8, grey or RGB, as 01.png, 02.png, ... into a folder made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures, start=1):
        Image.fromarray(picture).save(folder / f'{number:02}.png', optimize=True)


def write_section(heading, text):
    """Replaces what assets/samples/README.md says under a heading; all the rest of that page is written by hand."""
    page = SAMPLES / 'README.md'
    before, found, after = page.read_text(encoding='utf-8').partition(f'## {heading}\n')
    if not found:
        raise ValueError(f'{page} has no heading "{heading}".')
    rest = after.find('\n## ')
    page.write_text(f'{before}{found}\n{text.strip()}\n{after[rest:] if rest >= 0 else ""}', encoding='utf-8', newline='\n')


def progress(epoch, loss):
    print(f'epoch {epoch + 1}: loss {loss:.4g}', flush=True)
