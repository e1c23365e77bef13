"""The last stage: fp16 weights, the int8 ONNX graph and `profile.json`, as they are bundled."""

import json
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from torch import Tensor, nn

from index.training.base import body_of
from index.training.graph import SentenceGraph
from index.training.recipe import Recipe
from index.training.vocabulary import write_tokenizer

ONNX_FILE = Path("onnx") / "model_int8.onnx"


def export(model: SentenceTransformer, recipe: Recipe, folder: Path) -> None:
    """Write everything but the static twin to `folder`; files already there are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    model.max_seq_length = recipe.base.max_tokens
    model.save(str(folder), create_model_card=False)
    write_tokenizer(
        Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str()),
        recipe.base.max_tokens,
        folder,
    )
    portable(folder, model.get_embedding_dimension() or 0, recipe.base.max_tokens)
    halve(folder / "model.safetensors")
    write_onnx(model, folder / ONNX_FILE)
    profile = {
        "name": recipe.name,
        "version": recipe.version,
        "dim": model.get_embedding_dimension(),
        "max_tokens": recipe.base.max_tokens,
        "query_prompt": "",
        "passage_prompt": "",
    }
    (folder / "profile.json").write_text(json.dumps(profile, indent=2) + "\n", encoding="utf-8")
    readable(folder)


def portable(folder: Path, dim: int, max_tokens: int) -> None:
    """Write the module list and settings in the form that older sentence-transformers read too."""
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (path, kind) in enumerate(kinds.items())
    ]
    tables: dict[str, object] = {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": max_tokens, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": dim,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
        },
    }
    for name, table in tables.items():
        (folder / name).write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def halve(weights: Path) -> None:
    """Store the tensors as fp16; config.json goes on saying float32, so they load as float32."""
    tensors = {name: tensor.half() for name, tensor in load_file(weights).items()}
    save_file(tensors, weights, metadata={"format": "pt"})


def write_onnx(model: SentenceTransformer, target: Path, quantise: bool = True) -> None:
    """One ONNX file with pooling and normalisation inside.

    Inputs `input_ids` and `attention_mask`, int64, (batch, length), both axes free; output
    `embedding`, float32, (batch, d), unit rows. `quantise` makes the products int8: weights one
    scale a column, 7 bits of 8 so that the 16-bit sums of CPUs without VNNI cannot saturate;
    activations 8 bits unsigned, their range taken while running.
    """
    graph = SentenceGraph(body_of(model), int8_table=quantise)
    ids = torch.ones((2, 7), dtype=torch.int64)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=512)
    write_graph(
        graph,
        (ids, torch.ones_like(ids)),
        target,
        inputs={
            "input_ids": {0: batch, 1: length},
            "attention_mask": {0: batch, 1: length},
        },
        outputs=["embedding"],
        quantise=quantise,
    )


def write_graph(
    graph: nn.Module,
    example: tuple[Tensor, ...],
    target: Path,
    inputs: dict[str, dict[int, Any]],
    outputs: list[str],
    quantise: bool,
) -> None:
    """One ONNX file of `graph`; `inputs` name the inputs and their free axes. int8 as `write_onnx`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    plain = target.with_suffix(".fp32.onnx") if quantise else target
    program = torch.onnx.export(
        graph.eval(),
        example,
        input_names=list(inputs),
        output_names=outputs,
        dynamic_shapes=inputs,
        opset_version=20,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None  # None only for the old exporter
    program.save(str(plain), external_data=False)
    if quantise:
        quantize_dynamic(
            plain,
            target,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        plain.unlink()


def readable(folder: Path) -> None:
    """Mode 0644 for all files: safetensors writes 0600, which another user cannot load."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)
