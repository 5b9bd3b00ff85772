"""Functions that need no rule of their own: their derivative is one already, in the form relevance / value."""

# What moves numbers to other places, or copies them.
MOVES = {
    *("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "permute", "transpose", "t", "movedim"),
    *("moveaxis", "swapaxes", "swapdims", "view_as", "reshape_as", "expand", "expand_as", "broadcast_to", "repeat"),
    *("repeat_interleave", "tile", "contiguous", "clone", "to", "float", "double", "half", "bfloat16", "type", "cpu"),
    *("cuda", "type_as", "alias", "identity", "ravel", "adjoint", "__get_", "__getitem_", "narrow", "select"),
    *("index_select", "gather", "take_along_dim", "masked_select", "unbind", "chunk", "split", "tensor_split"),
    *("split_with_sizes", "split_tensor", "unfold", "roll", "flip", "fliplr", "flipud", "rot90", "diagonal", "tril"),
    *("triu", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle", "requires_grad"),
    *("atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "hsplit", "vsplit", "dsplit", "swapaxes"),
}
# Sums of what is in them, with constant weights that know no constant beside: each part gets its part of the sum.
LINEAR = {
    *("sum", "mean", "neg", "negative", "cumsum", "nansum", "nanmean", "dropout", "dropout1d", "dropout2d"),
    *("dropout3d", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "avg_pool1d", "avg_pool2d"),
    *("avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "interpolate", "upsample"),
    *("fold", "diff"),
}
# f(a x) = a f(x) where a is positive: the derivative times x is f(x). Of several, the largest takes all.
HOMOGENEOUS = {
    *("relu", "leaky_relu", "prelu", "rrelu", "abs", "max_pool1d", "max_pool2d", "max_pool3d", "amax", "amin"),
    *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "max", "min", "maximum", "minimum"),
    *("topk", "sort", "msort", "fmax", "fmin", "median", "kthvalue"),
}
# What is no number of the network's any more: shapes of tensors to be filled, comparisons, places.
CONSTANT = {
    *("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "zeros_like", "ones_like", "full_like"),
    *("empty_like", "detach", "gt", "lt", "ge", "le", "eq", "ne", "__gt_", "__lt_", "__ge_", "__le_", "isnan"),
    *("isinf", "isfinite", "argmax", "argmin", "argsort", "bool", "long", "int", "logical_not", "nonzero"),
    *("rand_like", "randn_like", "bernoulli", "signbit", "is_nonzero", "allclose", "equal", "any", "all"),
}
# Denominators and other measures of size: constants, as those of normalising layers are.
MEASURES = {
    *("std", "var", "std_mean", "var_mean", "norm", "vector_norm", "linalg_norm", "linalg_vector_norm", "rsqrt"),
    *("reciprocal", "rdiv", "__rdiv_", "__rtruediv_"),
}
# Functions of single numbers: pointwise.py.
POINTWISE = {
    *("gelu", "silu", "swish", "hardswish", "mish", "elu", "selu", "celu", "tanh", "softsign", "tanhshrink"),
    *("hardtanh", "relu6", "hardshrink", "softshrink", "threshold", "clamp", "clip", "clamp_min", "clamp_max"),
    *("sigmoid", "hardsigmoid", "softplus", "exp", "expm1", "log1p", "sin", "erf", "sqrt", "square", "atan", "cos"),
    *("logsigmoid", "log_sigmoid", "_threshold", "arctan", "asinh", "expit", "special_expit", "sinh"),
}
GATES = {"sigmoid", "hardsigmoid", "expit", "special_expit"}
LINEARISED = {"log", "log2", "log10", "logsumexp", "log_softmax"}

ELSE = "use integrated_gradients, which needs no rules, or write it with functions that have one"
