"""A model with its attention left out and nothing retrained: what its predictions owe to attention."""

from dataclasses import replace

from genint.models.folder import Model
from genint.models.registry import ARCHITECTURES, build


def turn_attention_off(model: Model) -> Model | None:
    """A copy that goes by NAME, attention off: of every layer that attends, the residual sum and feed-forward are left.

    None if the model has no attention, or none that can be left out (see `Architecture`).
    """
    without_attention = ARCHITECTURES[model.architecture].without_attention
    config = without_attention(model.config) if without_attention else model.config
    if config == model.config:
        return None
    module, weights = build(model.architecture, config, model.module.n_tracks), model.module.state_dict()
    module.load_state_dict({name: weights[name] for name in module.state_dict()})
    module.to(model.module.base_codes.device).eval().requires_grad_(False)
    return replace(model, name=f"{model.name}, attention off", config=config, module=module)
