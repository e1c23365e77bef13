"""The encoder as one plain module for ONNX: token ids in, unit vectors out.

Same numbers as BertModel + mean pooling + normalisation, with what an exporter needs: a clear
graph, query, key and value in one product, and a token table of int8 rows.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, linear, softmax
from transformers import BertModel


class SentenceGraph(nn.Module):
    """BERT encoder, mean pooling and L2 normalisation, for inference only.

    `forward(input_ids, attention_mask)`: int64, shape (batch, length) each, gives float32,
    shape (batch, d), unit rows.
    """

    def __init__(self, body: BertModel, int8_table: bool = True) -> None:
        super().__init__()
        config = body.config
        self._heads = config.num_attention_heads
        self._width = config.hidden_size
        self._epsilon = config.layer_norm_eps
        weights = {name: tensor.detach().float() for name, tensor in body.state_dict().items()}
        rows = weights["embeddings.word_embeddings.weight"]
        self._int8 = int8_table
        if int8_table:
            scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
            self.register_buffer("table", (rows / scale).round().to(torch.int8))
            self.register_buffer("scale", scale)
        else:
            self.register_buffer("table", rows)
        # Every text has token type 0, so its vector is part of the positions.
        positions = weights["embeddings.position_embeddings.weight"]
        self.register_buffer(
            "positions", positions + weights["embeddings.token_type_embeddings.weight"][0]
        )
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

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Unit vectors, float32, shape (batch, d)."""
        batch, length = input_ids.shape
        tokens = self.get_buffer("table")[input_ids].float()
        if self._int8:
            tokens = tokens * self.get_buffer("scale")[input_ids]
        hidden = self._normalised(tokens + self.get_buffer("positions")[:length], "first")
        mask = attention_mask.float()
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
        pooled = (hidden * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp_min(1)
        unit: Tensor = pooled / pooled.norm(dim=1, keepdim=True).clamp_min(1e-12)
        return unit
