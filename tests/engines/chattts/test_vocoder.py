"""Our vocoder beside that of the package `vocos`, on a random checkpoint of the published size."""

import torch
from vocos.heads import ISTFTHead
from vocos.models import VocosBackbone

from studio.engines.chattts.config import PUBLISHED
from studio.engines.chattts.vocoder import Vocoder


def test_the_vocoder_is_that_of_its_makers_sample_by_sample() -> None:
    torch.manual_seed(3)
    sizes = PUBLISHED["vocos"]
    backbone = VocosBackbone(100, sizes["dim"], sizes["intermediate_dim"], sizes["num_layers"]).eval()
    head = ISTFTHead(sizes["dim"], 1024, 256, padding="center").eval()
    ours = Vocoder(sizes).eval()
    published = {f"backbone.{name}": value for name, value in backbone.state_dict().items()}
    published |= {f"head.{name}": value for name, value in head.state_dict().items()}
    kept = ours.feature_extractor.state_dict(prefix="feature_extractor.")
    ours.load_state_dict(kept | {Vocoder.our_key(name): value for name, value in published.items()}, strict=True)
    mel = torch.randn(1, 100, 300)
    with torch.inference_mode():
        torch.testing.assert_close(ours(mel), head(backbone(mel)), atol=1e-5, rtol=1e-4)
