"""The optimizers, each with options that take every branch."""

from fastconv import optim

OPTIMIZERS = {
    "SGD": (optim.SGD, {"lr": 0.1}),
    "SGD, decay": (optim.SGD, {"lr": 0.1, "weight_decay": 0.05}),
    "SGD, momentum, dampening": (optim.SGD, {"lr": 0.1, "momentum": 0.8, "dampening": 0.5, "weight_decay": 0.05}),
    "SGD, maximize": (optim.SGD, {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.05, "maximize": True}),
    "Momentum": (optim.Momentum, {"lr": 0.1}),
    "Momentum, nesterov": (optim.Momentum, {"lr": 0.1, "nesterov": True, "weight_decay": 0.01}),
    "Adagrad": (optim.Adagrad, {}),
    "Adagrad, all": (
        optim.Adagrad,
        {"lr": 0.1, "lr_decay": 0.01, "weight_decay": 0.05, "initial_accumulator_value": 0.1, "eps": 1e-3},
    ),
    "Adagrad, maximize": (optim.Adagrad, {"lr": 0.1, "weight_decay": 0.05, "maximize": True}),
    "RMSprop": (optim.RMSprop, {}),
    "RMSprop, momentum": (optim.RMSprop, {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.05}),
    "RMSprop, centered": (optim.RMSprop, {"lr": 0.05, "alpha": 0.9, "centered": True}),
    "RMSprop, all": (optim.RMSprop, {"alpha": 0.5, "centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    "RMSprop, maximize": (optim.RMSprop, {"weight_decay": 0.1, "maximize": True}),
    "Adam": (optim.Adam, {}),
    "Adam, all": (optim.Adam, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.05, "amsgrad": True}),
    "Adam, maximize": (optim.Adam, {"lr": 0.1, "weight_decay": 0.05, "maximize": True}),
    "Adam, decoupled": (optim.Adam, {"lr": 0.1, "weight_decay": 0.05, "decoupled_weight_decay": True}),
    "AdamW": (optim.AdamW, {"lr": 0.1}),
    "AdamW, all": (optim.AdamW, {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.3, "amsgrad": True}),
    "AdamW, maximize": (optim.AdamW, {"lr": 0.1, "maximize": True}),
}
