// src/app/wish.ts
var e = /^[0-9a-f]{64}$/;
function t(t) {
	let n = {}, i = t.get("photo") ?? "", [a, o] = (t.get("size") ?? "").split("x").map(Number);
	return e.test(i) && a > 0 && o > 0 && (n.photo = {
		id: i,
		width: a,
		height: o,
		name: t.get("name") ?? ""
	}), t.get("model") && (n.model = t.get("model")), t.has("method") && (n.methods = t.getAll("method").map(r)), t.has("target") && (n.targets = t.getAll("target").filter(Boolean)), /^\d+$/.test(t.get("seed") ?? "") && (n.seed = Number(t.get("seed"))), t.get("score") && (n.score = t.get("score")), n;
}
function n({ photo: e, model: t, methods: n, targets: r, seed: i, score: a }) {
	return !e || !t || !n?.length || !r?.length ? null : {
		photo: e.id,
		model: t,
		methods: n,
		targets: r,
		...i ? { seed: i } : {},
		...a ? { score: a } : {}
	};
}
function r(e) {
	let t = /^([^(]+)\((.*)\)$/.exec(e);
	if (!t) return {
		id: e,
		options: {}
	};
	let n = t[2].split(",").map((e) => e.split("=", 2));
	return {
		id: t[1],
		options: Object.fromEntries(n.map(([e, t = ""]) => [e, decodeURIComponent(t)]))
	};
}
// src/app/start.ts
var i = n(t(new URLSearchParams(location.hash.slice(1)))), a = JSON.stringify(i);
async function o() {
	let e = await fetch("/api/results", {
		method: "POST",
		body: a,
		headers: { accept: "application/json" }
	});
	return e.ok ? e.json() : null;
}
var s = i && {
	asked: a,
	answer: o().catch(() => null)
};
import("./app.js").then(({ open: e }) => e(s));
