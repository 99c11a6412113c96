"""Cepstra against librosa's, computed once with 0.11 (a window of 400 in frames of 512, `htk=True`, `norm=None`)."""

import numpy as np

from studio.voices.acoustics import RATE, _cepstra

LIBROSA = {  # frame -> cepstra 1 to 20 of the sound below
    5: [17.5425, -13.6759, 4.4744, 2.0068, -4.2149, 3.4995, 0.0078, -1.7587, 2.6139, -0.8685,
        -0.5331, 1.8275, -1.2188, 0.1963, 1.0837, -1.111, 0.8178, 0.5691, -0.9115, 0.8526],
    20: [28.9297, 1.3267, -8.7331, -2.4723, 4.416, 2.6092, -2.3509, -2.2253, 1.2716, 2.0333,
         -0.4336, -1.5572, 0.0376, 1.2919, 0.3055, -0.8811, -0.3978, 0.6419, 0.4644, -0.3764],
    33: [2.5517, -12.2924, 6.0357, -8.2226, 5.4973, -5.0398, 2.9441, -3.0853, -0.0592, -1.6411,
         -2.2242, -1.0671, -3.9696, -1.5332, -4.7237, -2.0891, -3.8546, -0.9921, -0.9183, 0.7029],
}  # fmt: skip


def test_cepstra_are_those_of_librosa() -> None:
    at = np.arange(RATE // 2) / RATE
    hertz = 140 + 20 * np.sin(2 * np.pi * 3 * at)
    voice = sum(0.2 / n * np.sin(2 * np.pi * n * hertz * at + n) for n in range(1, 20))
    found, _ = _cepstra(np.asarray(voice, np.float32))
    for frame, expected in LIBROSA.items():
        assert np.allclose(found[frame], expected, atol=1e-3)
