"""Encoder and reader as plain modules for ONNX.

Same numbers as BertModel and what stands on top of it, with what an exporter needs: a clear graph,
query, key and value in one product, and a token table of int8 rows or none at all.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, linear, softmax
from transformers import BertModel


class BertLayers(nn.Module):
    """The layers of a BERT body, for inference only; what comes before and after is the subclass's."""

    def __init__(self, body: BertModel) -> None:
        super().__init__()
        config = body.config
        self._heads = config.num_attention_heads
        self._width = config.hidden_size
        self._epsilon = config.layer_norm_eps
        weights = {name: tensor.detach().float() for name, tensor in body.state_dict().items()}
        self._layers = config.num_hidden_layers
        parts = {"first": ["embeddings.LayerNorm"]}
        for number in range(self._layers):
            layer = f"encoder.layer.{number}."
            own = layer + "attention.self."
            parts[f"qkv{number}"] = [own + "query", own + "key", own + "value"]
            parts[f"mix{number}"] = [layer + "attention.output.dense"]
            parts[f"middle{number}"] = [layer + "attention.output.LayerNorm"]
            parts[f"widen{number}"] = [layer + "intermediate.dense"]
            parts[f"narrow{number}"] = [layer + "output.dense"]
            parts[f"last{number}"] = [layer + "output.LayerNorm"]
        for name, sources in parts.items():
            for kind in ("weight", "bias"):
                stacked = torch.cat([weights[f"{source}.{kind}"] for source in sources])
                self.register_buffer(f"{name}_{kind}", stacked.clone())

    def _normalised(self, hidden: Tensor, name: str) -> Tensor:
        weight, bias = self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")
        return layer_norm(hidden, [self._width], weight, bias, self._epsilon)

    def _product(self, hidden: Tensor, name: str) -> Tensor:
        return linear(hidden, self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias"))

    def _through(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """Last hidden states, (batch, length, d), of the summed embeddings, same shape; `mask` is 1 at
        tokens and 0 at padding, float32, (batch, length)."""
        batch, length, _ = embedded.shape
        hidden = self._normalised(embedded, "first")
        # -10000 and not -inf: a row of padding alone must not become NaN
        unseen = (1.0 - mask)[:, None, None, :] * -10000.0
        size = self._width // self._heads
        for number in range(self._layers):
            mixed = self._product(hidden, f"qkv{number}")
            query, key, value = mixed.reshape(batch, length, 3, self._heads, size).unbind(2)
            scores = query.transpose(1, 2) @ key.permute(0, 2, 3, 1) / math.sqrt(size)
            context = softmax(scores + unseen, dim=-1) @ value.transpose(1, 2)
            context = context.transpose(1, 2).reshape(batch, length, self._width)
            hidden = self._normalised(
                hidden + self._product(context, f"mix{number}"), f"middle{number}"
            )
            wide = gelu(self._product(hidden, f"widen{number}"))
            hidden = self._normalised(
                hidden + self._product(wide, f"narrow{number}"), f"last{number}"
            )
        return hidden


class SentenceGraph(BertLayers):
    """BERT encoder, mean pooling and L2 normalisation.

    `forward(input_ids, attention_mask)`: int64, shape (batch, length) each, gives float32,
    shape (batch, d), unit rows.
    """

    def __init__(self, body: BertModel, int8_table: bool = True) -> None:
        super().__init__(body)
        rows = body.embeddings.word_embeddings.weight.detach().float()
        self._int8 = int8_table
        if int8_table:
            scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
            self.register_buffer("table", (rows / scale).round().to(torch.int8))
            self.register_buffer("scale", scale)
        else:
            self.register_buffer("table", rows)
        # Every text has token type 0, so its vector is part of the positions.
        positions = body.embeddings.position_embeddings.weight.detach().float()
        types = body.embeddings.token_type_embeddings.weight.detach().float()
        self.register_buffer("positions", positions + types[0])

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Unit vectors, float32, shape (batch, d)."""
        tokens = self.get_buffer("table")[input_ids].float()
        if self._int8:
            tokens = tokens * self.get_buffer("scale")[input_ids]
        mask = attention_mask.float()
        hidden = self._through(tokens + self.get_buffer("positions")[: input_ids.shape[1]], mask)
        pooled = (hidden * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp_min(1)
        unit: Tensor = pooled / pooled.norm(dim=1, keepdim=True).clamp_min(1e-12)
        return unit


def matches(rows: Tensor, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
    """For each token its best cosine with a token of the other side, and whether that side holds the
    very token; float32, (batch, length, 2).

    As in DrQA (Chen et al. 2017), whose reader was told which words match: a small one learns it from
    little data, and the token table knows translations. `rows` (batch, length, d); `ids`, `types`
    (0 question, 1 passage) and `mask` (batch, length).
    """
    unit = rows / rows.norm(dim=2, keepdim=True).clamp_min(1e-6)
    across = (types[:, :, None] != types[:, None, :]) & (mask[:, None, :] == 1)
    cosine = (unit @ unit.transpose(1, 2)).masked_fill(~across, 0.0).amax(dim=2)
    same = ((ids[:, :, None] == ids[:, None, :]) & across).any(dim=2)
    return torch.stack([cosine, same.float()], dim=2)


class ReaderGraph(BertLayers):
    """The reader without its token table, which is the encoder's: rows come in instead of ids.

    `forward(rows, input_ids, types)`: rows of the tokens, float32, (1, length, d), their ids and types
    (0 question, 1 passage), int64, (1, length), gives the logit that the passage answers, (1,), and the
    logits of the answer's first and last token, (1, length, 2).
    """

    def __init__(
        self, body: BertModel, match: nn.Linear, answers: nn.Linear, span: nn.Linear
    ) -> None:
        super().__init__(body)
        self.register_buffer("positions", body.embeddings.position_embeddings.weight.detach())
        self.register_buffer("types", body.embeddings.token_type_embeddings.weight.detach())
        self.register_buffer("match", match.weight.detach())
        for name, head in (("answers", answers), ("span", span)):
            self.register_buffer(f"{name}_weight", head.weight.detach())
            self.register_buffer(f"{name}_bias", head.bias.detach())

    def forward(self, rows: Tensor, input_ids: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (1,) and (1, length, 2), float32."""
        mask = torch.ones_like(types)
        embedded = rows + matches(rows, input_ids, types, mask) @ self.get_buffer("match").T
        embedded = embedded + self.get_buffer("positions")[: rows.shape[1]]
        embedded = embedded + self.get_buffer("types")[types]
        hidden = self._through(embedded, mask.float())
        asked = (types == 0).float()[:, :, None]
        pooled = (hidden * asked).sum(dim=1) / asked.sum(dim=1)
        return self._product(pooled, "answers")[:, 0], self._product(hidden, "span")
