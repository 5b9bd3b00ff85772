"""The words of the README's table in Chinese: README.zh-CN.md has the same rows and figures."""

WHAT = {
    "Grad-CAM, a batch of 8": "Grad-CAM，一批 8 张",
    "eight CAMs together, a batch of 8": "八种 CAM 一起，一批 8 张",
    "Ablation-CAM at the last layer": "Ablation-CAM，最后一层",
    "integrated gradients, 50 steps": "积分梯度，50 步",
    "integrated gradients, as complete as captum's 50 steps, 4 photos": "积分梯度，完备性同 captum 50 步，4 张照片",
    "GradientSHAP, 50 samples, 5 classes": "GradientSHAP，50 个样本，5 个类别",
    "occlusion, windows of 32 pixels every 16": "遮挡，窗口 32 像素，步长 16",
    "RISE, 1000 masks": "RISE，1000 个掩码",
    "LIME, 1000 samples": "LIME，1000 个样本",
    "Kernel SHAP, 1000 samples": "Kernel SHAP，1000 个样本",
    "partition SHAP, 500 masks": "partition SHAP，500 个掩码",
}
PEERS = {"grad-cam, a call each": "grad-cam，逐个调用", "a plain loop": "普通循环"}
COLUMNS = ["内容", "对比", "快多少", "95 % 置信区间"]
MISSING = "尚未测量：运行 `make bench` 填写此表。"


def note(network: str, dates: list[str]) -> str:
    return f"{network}，float32，CPU，答案一致，测量于 {'、'.join(dates)}："


def row(what: str, peer: str, ratio: float, interval: tuple[float, float] | None) -> list[str]:
    """Raises KeyError for a row without Chinese words."""
    between = "不作断言" if interval is None else f"{interval[0]:.2f} 至 {interval[1]:.2f}"
    return [WHAT[what], PEERS.get(peer, peer), f"{ratio:.1f} 倍", between]
