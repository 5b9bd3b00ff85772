import { PLAIN as e, Speaking as t, amount as n, asText as r, css as i, fromText as a, html as o, lang as s, listen as c, nothing as l, predictions as u, said as d, shared as f, sheet as ee, speak as p, styled as te, svg as m, word as h } from "./viewer.js";
// src/app/api.ts
var g = class extends Error {
	constructor(e, t) {
		super(e.problem), this.said = e, this.status = t;
	}
};
async function _(e, t, n, r) {
	let i = n instanceof Blob ? n : n === void 0 ? void 0 : JSON.stringify(n), a;
	try {
		a = await fetch(t, {
			method: e,
			body: i ?? null,
			signal: r ?? null,
			headers: { accept: "application/json" }
		});
	} catch (e) {
		throw r?.aborted ? e : new g({
			code: "away",
			problem: "",
			hint: ""
		}, 0);
	}
	let o = await a.json().catch(() => ({}));
	if (!a.ok) throw new g(o.error ?? {
		code: "http",
		problem: a.statusText,
		hint: ""
	}, a.status);
	return o;
}
var v = encodeURIComponent, y = {
	models: (e) => _("GET", `/api/models?lang=${e}`),
	classes: (e, t) => _("GET", `/api/models/${v(e)}/classes?lang=${t}`),
	layers: (e) => _("GET", `/api/models/${v(e)}/layers`),
	samples: (e) => _("GET", `/api/samples?lang=${e}`),
	cards: (e) => _("GET", `/api/cards?lang=${e}`),
	there: (e) => _("GET", b(e)),
	add: (e) => _("PUT", "/api/photos", e),
	predict: (e, t, n) => _("POST", "/api/predictions", n ? {
		photo: e,
		model: t,
		top: 5,
		texts: n
	} : {
		photo: e,
		model: t,
		top: 5
	}),
	costs: (e) => _("POST", "/api/costs", e),
	start: (e) => _("POST", "/api/jobs", e),
	jobs: () => _("GET", "/api/jobs"),
	cancel: (e) => _("DELETE", `/api/jobs/${e}`),
	partial: (e, t) => _("GET", `/api/jobs/${e}/partial/${t}`),
	kept: (e) => _("POST", "/api/results", e),
	result: (e) => _("GET", `/api/results/${e}`),
	curves: (e, t) => _("GET", `/api/results/${e}/curves?fill=${t}`),
	edit: (e, t) => _("POST", "/api/edits", e, t)
}, b = (e) => `/api/photos/${e}`, x = class extends t {
	constructor(...e) {
		super(...e), this.again = () => this.requestUpdate();
	}
	static {
		this.properties = { session: { attribute: !1 } };
	}
	connectedCallback() {
		super.connectedCallback(), this.session.addEventListener("change", this.again);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this.session.removeEventListener("change", this.again);
	}
}, ne = /^(top|predicted|rank:.*)$/i, S = /^\d+$/, C = (e) => !(!e?.texts || e.classes);
function w(e, t = []) {
	let n = e.trim(), r = n.indexOf(" - ");
	return !n || ne.test(n) ? [] : r < 0 || t.includes(n) ? [n] : [n.slice(0, r), n.slice(r + 3)].flatMap((e) => w(e, t));
}
function T(e, t, n) {
	let r = n ? t.filter((t) => e.texts ? !S.test(t) : t === "top" || S.test(t)) : t;
	return C(e) ? r.filter((e) => w(e).length) : r.length ? [...r] : ["top"];
}
function re(e, t) {
	let n = new Set(e.methods.filter((e) => e.offered).map((e) => e.id)), r = t.filter((e) => n.has(e.id));
	return r.length ? r : [{
		id: e.first,
		options: {}
	}];
}
// src/app/wish.ts
var ie = /^[0-9a-f]{64}$/;
function ae(e) {
	let t = {}, n = e.get("photo") ?? "", [r, i] = (e.get("size") ?? "").split("x").map(Number);
	return ie.test(n) && r > 0 && i > 0 && (t.photo = {
		id: n,
		width: r,
		height: i,
		name: e.get("name") ?? ""
	}), e.get("model") && (t.model = e.get("model")), e.has("method") && (t.methods = e.getAll("method").map(se)), e.has("target") && (t.targets = e.getAll("target").filter(Boolean)), /^\d+$/.test(e.get("seed") ?? "") && (t.seed = Number(e.get("seed"))), e.get("score") && (t.score = e.get("score")), t;
}
function oe({ photo: e, model: t, methods: n, targets: r, seed: i, score: a }) {
	return !e || !t || !n?.length || !r?.length ? null : {
		photo: e.id,
		model: t,
		methods: n,
		targets: r,
		...i ? { seed: i } : {},
		...a ? { score: a } : {}
	};
}
var E = ({ id: e, options: t }) => {
	let n = Object.entries(t).map(([e, t]) => `${e}=${encodeURIComponent(t)}`);
	return n.length ? `${e}(${n.join(",")})` : e;
};
function se(e) {
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
// src/app/grid.ts
var ce = class {
	constructor(e) {
		this.session = e, this.held = null, this.soFars = /* @__PURE__ */ new WeakMap();
	}
	get cells() {
		let { wishes: e, works: t } = this.session;
		return e.flatMap(([e]) => t.all.get(e)?.cells ?? []);
	}
	get data() {
		let { state: { photo: e }, works: t, start: n } = this.session;
		if (!e) return null;
		let r = this.cells.flatMap(({ key: e }) => {
			let n = t.found.get(e), r = t.partial.get(e);
			return n ? [n] : r ? this.soFar(e, r) : [];
		});
		this.apart(r);
		let { held: i } = this;
		return (i?.photo.src !== b(e.id) || i.explanations.length !== r.length || i.explanations.some((e, t) => e !== r[t])) && (this.held = {
			lang: s(),
			photo: {
				...e,
				src: b(e.id)
			},
			tables: n.tables,
			explanations: r
		}), this.held;
	}
	soFar(e, t) {
		let n = [...this.session.works.all.values()].find((t) => t.cells.some((t) => t.key === e)), r = n?.cells.find((t) => t.key === e)?.target ?? "";
		return !t.input || !n ? [] : (this.soFars.has(t) || this.soFars.set(t, {
			label: r,
			target: r,
			also: "",
			score: "",
			units: "",
			random: !1,
			model: this.session.model?.name ?? "",
			explained: null,
			predictions: [],
			words: null,
			details: [],
			notes: [],
			sign: "all",
			frame: null,
			method: n.method,
			...t,
			partial: !0
		}), [this.soFars.get(t)]);
	}
	apart(e) {
		let t = new Map(this.session.wishes.flatMap(([e, t]) => this.session.works.all.get(e)?.cells.map((e) => [e.key, E(t.methods[0])]) ?? [])), n = (n) => new Set(e.filter((e) => e.method === n.method).map((e) => t.get(e.key ?? ""))).size > 1;
		for (let r of e) r.key && n(r) && (r.also = (t.get(r.key) ?? "").replace(/^[^(]*\(?|\)$/g, ""));
	}
};
// src/app/link.ts
function D(e) {
	let t = new URLSearchParams();
	if (e.photo) {
		let { id: n, width: r, height: i, name: a } = e.photo;
		t.set("photo", n), t.set("size", `${r}x${i}`), t.set("name", a);
	}
	t.set("model", e.model);
	for (let n of e.methods) t.append("method", E(n));
	for (let n of e.targets) t.append("target", n);
	return e.seed && t.set("seed", String(e.seed)), e.score && t.set("score", e.score), e.tab !== "explain" && t.set("tab", e.tab), t.set("view", r(e.view)), t.toString();
}
function O(e) {
	let t = new URLSearchParams(e.replace(/^#/, "")), n = ae(t);
	return t.get("tab") && (n.tab = t.get("tab")), t.has("view") && (n.view = a(t.get("view"))), n;
}
// src/app/work.ts
var le = 3, ue = [
	"waiting",
	"running",
	"progress",
	"partial",
	"result",
	"done",
	"failed",
	"cancelled"
], de = class {
	constructor(e, t) {
		this.changed = e, this.idle = t, this.all = /* @__PURE__ */ new Map(), this.found = /* @__PURE__ */ new Map(), this.partial = /* @__PURE__ */ new Map(), this.streams = /* @__PURE__ */ new Map();
	}
	get busy() {
		return [...this.all.values()].filter((e) => !A(e));
	}
	async ask(e, t) {
		let n = this.all.get(e);
		if (n && n.state !== "cancelled" && n.state !== "failed") return;
		let r = k(e, t);
		this.all.set(e, r), this.changed();
		try {
			let n = await y.start(t);
			if (A(r)) {
				this.all.get(e) === r && y.cancel(n.id).catch(() => void 0);
				return;
			}
			Object.assign(r, {
				job: n.id,
				state: n.state,
				before: n.before,
				cells: n.cells
			});
			let i = n.cells.filter((e) => e.ready);
			await Promise.all(i.map((e) => this.fetch(e.key))), i.length === n.cells.length && (r.state = "done");
		} catch (e) {
			if (!(e instanceof g)) throw e;
			Object.assign(r, {
				state: "failed",
				trouble: e.said
			});
		}
		this.changed(), this.follow();
	}
	take(e, { cells: t, results: n }) {
		for (let e of n) this.found.set(e.key, e);
		let r = t.length / e.length;
		e.forEach(([e, n], i) => {
			let a = t.slice(i * r, (i + 1) * r);
			a.every(({ key: e }) => this.found.has(e)) && !this.all.has(e) && this.all.set(e, {
				...k(e, n),
				state: "done",
				cells: a
			});
		}), this.changed();
	}
	only(e) {
		for (let [t, n] of this.all) !e.has(t) && !A(n) && this.cancel(n);
	}
	cancel(e) {
		e.job && y.cancel(e.job).catch(() => void 0), this.end(e, "cancelled");
	}
	async fetch(e) {
		this.found.has(e) || this.found.set(e, await y.result(e)), this.partial.delete(e);
	}
	follow() {
		for (let e of this.busy) {
			if (this.streams.size >= le) return;
			e.job && !this.streams.has(e.job) && this.stream(e);
		}
	}
	stream(e) {
		let t = new EventSource(`/api/jobs/${e.job}/events`);
		this.streams.set(e.job, t);
		for (let n of ue) t.addEventListener(n, (t) => void this.heard(e, n, JSON.parse(t.data)));
		t.onerror = () => {
			t.readyState === EventSource.CLOSED && !A(e) && this.end(e, "failed", {
				code: "away",
				problem: "",
				hint: ""
			});
		};
	}
	async heard(e, t, n) {
		let r = n.key;
		if (t === "waiting") e.before = n.before;
		else if (t === "running") Object.assign(e, {
			state: "running",
			before: 0
		});
		else if (t === "progress") e.progress = n;
		else if (t === "partial") await y.partial(e.job, r).then((e) => this.partial.set(r, e), () => void 0);
		else if (t === "result") await this.fetch(r).catch(() => void 0);
		else return this.end(e, t, n.error ?? null);
		this.changed();
	}
	end(e, t, n = null) {
		Object.assign(e, {
			state: t,
			trouble: n
		});
		for (let t of e.cells) this.partial.delete(t.key);
		this.streams.get(e.job)?.close(), this.streams.delete(e.job), this.changed(), this.follow(), this.busy.length || this.idle();
	}
}, k = (e, t) => ({
	name: e,
	method: t.methods[0].id,
	job: "",
	state: "asking",
	before: 0,
	cells: [],
	progress: {},
	trouble: null
}), A = (e) => [
	"done",
	"failed",
	"cancelled"
].includes(e.state), fe = 40, j = "unknown_photo", M = 200, N = (e) => new Promise((t) => setTimeout(t, e)), P = (t = "") => ({
	photo: null,
	model: t,
	methods: [{
		id: "gradcam",
		options: {}
	}],
	targets: ["top"],
	seed: 0,
	score: "",
	tab: "explain",
	view: {
		...e,
		beside: !0
	}
}), F = class extends EventTarget {
	constructor(e, t) {
		super(), this.start = e, this.models = [], this.loading = [], this.samples = [], this.photos = [], this.state = P(), this.predictions = null, this.trouble = null, this.names = {
			en: [],
			zh: []
		}, this.cards = null, this.costs = /* @__PURE__ */ new Map(), this.layers = [], this.works = new de(() => this.changed(), () => void this.cost()), this.told = "", this.predicted = "", this.waiting = !1, this.fitted = !1, this.due = 0, this.grid = new ce(this);
		let n = localStorage.getItem("seewhy-lang");
		p(n === "zh" || n === "en" ? n : e.lang), c(() => {
			localStorage.setItem("seewhy-lang", s()), this.words(), this.translated(), this.changed();
		}), this.take(), addEventListener("hashchange", () => {
			if (location.hash.slice(1) === this.told) return;
			let { model: e } = this.state;
			this.take(), this.known(), e !== this.state.model && this.facts(), this.reopen().then(() => this.refresh());
		}), this.opened = this.reopen(t), this.seen = this.opened.then(() => Promise.race([new Promise(requestAnimationFrame), N(M)])).then(() => N(0)), this.open();
	}
	get model() {
		return this.models.find((e) => e.id === this.state.model);
	}
	get texts() {
		return this.model?.texts ? [...new Set(this.state.targets.flatMap((e) => w(e, this.names.en)))] : [];
	}
	get mute() {
		return C(this.model) && !this.texts.length;
	}
	use(e) {
		let t = this.models.find((t) => t.id === e);
		if (!t) return;
		let { targets: n } = this.state, r = this.state.methods.map(({ id: e, options: { layer: t, ...n } }) => ({
			id: e,
			options: n
		}));
		this.choose({
			model: e,
			targets: T(t, n, !0),
			methods: re(t, r)
		}), this.facts();
	}
	choose(e) {
		Object.assign(this.state, e), e.photo && this.trouble?.code === j && (this.trouble = null), this.tell(), this.refresh();
	}
	look(e) {
		this.state.view = e, clearTimeout(this.due), this.due = window.setTimeout(() => this.tell(), M), this.changed();
	}
	async add(e) {
		let t = null;
		for (let n of e) try {
			t = this.keep({
				...await y.add(n),
				name: n.name || "photo"
			});
		} catch (e) {
			this.failed(e);
		}
		t && this.choose({ photo: t });
	}
	get data() {
		return this.grid.data;
	}
	get results() {
		return this.grid.cells.flatMap(({ key: e }) => this.works.found.get(e) ?? []);
	}
	get wish() {
		return oe({
			...this.state,
			photo: this.state.photo ?? void 0
		});
	}
	get wishes() {
		let e = this.model || this.fitted ? this.wish : null;
		return (e?.methods ?? []).map((t) => {
			let n = {
				...e,
				methods: [t]
			};
			return [JSON.stringify(n), n];
		});
	}
	async refresh() {
		this.changed();
		let { photo: e } = this.state;
		if (!e || !this.model) return;
		this.predict();
		let t = this.wishes;
		this.works.only(new Set(t.map(([e]) => e))), await Promise.all(t.map(([e, t]) => this.works.ask(e, t))), t.some(([e]) => this.works.all.get(e)?.trouble?.code === j) && this.lost(e);
	}
	again() {
		this.refresh();
	}
	dismiss() {
		this.trouble = null, this.changed();
	}
	async cost() {
		let { model: e, targets: t } = this.state;
		if (!this.model || !t.length) return;
		let n = this.model.methods.filter((e) => e.offered).map(({ id: e }) => ({
			id: e,
			options: {}
		})), r = Math.max(1, Math.floor(this.start.limits.grid / t.length));
		for (let i = 0; i < n.length; i += r) {
			let a = {
				model: e,
				methods: n.slice(i, i + r),
				targets: t
			};
			try {
				for (let e of (await y.costs(a)).costs) this.costs.set(e.method, e);
			} catch (e) {
				if (!(e instanceof g)) throw e;
			}
		}
		this.changed();
	}
	missed(e) {
		y.there(e.id).catch((t) => this.failed(t, e));
	}
	lost(e) {
		this.photos = this.photos.filter((t) => t.id !== e.id), this.trouble = {
			code: j,
			problem: e.name,
			hint: ""
		}, this.predicted = "", this.state.photo?.id === e.id && this.choose({ photo: null }), this.changed();
	}
	failed(e, t = this.state.photo) {
		if (!(e instanceof g)) throw e;
		if (e.said.code !== j || this.trouble?.code !== j) {
			if (e.said.code === j && t) return this.lost(t);
			this.trouble = e.said, this.changed();
		}
	}
	changed() {
		this.waiting || (this.waiting = !0, queueMicrotask(() => {
			this.waiting = !1, this.dispatchEvent(new Event("change"));
		}));
	}
	async open() {
		try {
			await this.seen, this.words(), await this.shelf();
		} catch (e) {
			this.failed(e);
		}
	}
	async reopen(e = null) {
		let t = this.fitted ? this.wish : null;
		if (!t) return;
		let { wishes: n } = this;
		new Image().src = b(t.photo);
		try {
			let r = await (e?.asked === JSON.stringify(t) ? e.answer : y.kept(t));
			r && this.works.take(n, r);
		} catch (e) {
			if (!(e instanceof g)) throw e;
		}
	}
	async shelf() {
		let { models: e, loading: t } = await y.models(s());
		Object.assign(this, {
			models: e,
			loading: t
		}), !this.model && !t.includes(this.state.model) && (this.state.model = e[0]?.id ?? ""), this.known(), this.facts(), this.refresh(), t.length && setTimeout(() => void this.shelf().catch((e) => this.failed(e)), 1e3);
	}
	known() {
		let { model: e, state: t } = this;
		e && (t.targets = T(e, t.targets, !1), this.fitted || (t.methods = [{
			id: e.first,
			options: {}
		}]), this.fitted = !0);
	}
	async facts() {
		let { model: e } = this.state;
		if (this.layers = [], this.costs.clear(), !this.model) return;
		let [t, n, r] = await Promise.allSettled([
			y.classes(e, "en"),
			y.classes(e, "zh"),
			y.layers(e)
		]);
		e === this.state.model && (this.names = {
			en: t.status === "fulfilled" ? t.value.classes : [],
			zh: n.status === "fulfilled" ? n.value.classes : []
		}, this.layers = r.status === "fulfilled" ? r.value.layers : [], this.changed(), this.cost());
	}
	async translated() {
		let e = await y.models(s()).catch(() => null);
		e?.models.length && (this.models = e.models), this.changed();
	}
	async words() {
		let e = await y.samples(s()).catch(() => null);
		e && (this.samples = e.samples), this.cards && this.describe(), this.changed();
	}
	async describe() {
		this.cards ??= {};
		let e = await y.cards(s()).catch(() => null);
		e && (this.cards = e.cards), this.changed();
	}
	async predict() {
		let { photo: e, model: t } = this.state, n = this.texts.length ? this.texts : void 0, r = JSON.stringify([
			e.id,
			t,
			n
		]);
		if (r !== this.predicted && (Object.assign(this, {
			predictions: null,
			predicted: r
		}), !this.mute)) {
			try {
				let { predictions: i } = await y.predict(e.id, t, n);
				r === this.predicted && (this.predictions = i);
			} catch (e) {
				this.predicted = "", this.failed(e);
			}
			this.changed();
		}
	}
	keep(e) {
		return this.photos = [e, ...this.photos.filter((t) => t.id !== e.id)].slice(0, fe), e;
	}
	take() {
		Object.assign(this.state, P(this.state.model), O(location.hash)), this.state.photo && this.keep(this.state.photo), this.told = location.hash.slice(1), this.fitted = !!O(this.told).methods;
	}
	tell() {
		this.told = D(this.state), history.replaceState(null, "", `#${this.told}`), this.changed();
	}
	get link() {
		return `${location.origin}/#${D(this.state)}`;
	}
}, I = 160, L = class {
	constructor(e) {
		this.changed = e, this.rows = 1, this.columns = 1, this.mask = /* @__PURE__ */ new Uint8Array(1), this.at = [.5, .5];
	}
	fit(e, t) {
		let n = I / Math.max(e, t);
		[this.columns, this.rows] = [e, t].map((e) => Math.max(1, Math.round(e * n))), this.mask = new Uint8Array(this.rows * this.columns);
	}
	clear() {
		this.mask.fill(0), this.changed();
	}
	dab(e, t, n, r) {
		let i = Math.max(n * Math.max(this.rows, this.columns) / 2, .6), a = e * this.columns, o = t * this.rows;
		for (let e = 0; e < this.rows; e++) for (let t = 0; t < this.columns; t++) Math.hypot(t + .5 - a, e + .5 - o) <= i && (this.mask[e * this.columns + t] = +!r);
		this.at = [e, t], this.changed();
	}
	key(e, t, n) {
		let r = {
			ArrowLeft: [-1, 0],
			ArrowRight: [1, 0],
			ArrowUp: [0, -1],
			ArrowDown: [0, 1]
		};
		if (e === " " || e === "Enter") this.dab(...this.at, t, n);
		else if (r[e]) this.at = this.at.map((n, i) => Math.min(Math.max(n + r[e][i] * Math.max(t / 2, .01), 0), 1)), this.changed();
		else return !1;
		return !0;
	}
	asEdit() {
		let e = "";
		for (let t of this.mask) e += String.fromCharCode(t);
		return {
			kind: "brush",
			rows: this.rows,
			columns: this.columns,
			mask: btoa(e)
		};
	}
	draw(e) {
		(e.width !== this.columns || e.height !== this.rows) && ([e.width, e.height] = [this.columns, this.rows]);
		let t = new ImageData(this.columns, this.rows), n = new Uint32Array(t.data.buffer);
		for (let e = 0; e < n.length; e++) n[e] = this.mask[e] ? 4282014975 : 0;
		let [r, i] = [Math.floor(this.at[0] * (this.columns - 1)), Math.floor(this.at[1] * (this.rows - 1))];
		n[i * this.columns + r] = 4294967295, e.getContext("2d").putImageData(t, 0, 0);
	}
}, R = 300, z = 150, B = 4, V = class extends x {
	static {
		this.properties = {
			...x.properties,
			key: {},
			fill: {},
			found: { state: !0 },
			asked: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: block; }
    .curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 14px; }
    figure { margin: 0; }
    figcaption { font-size: 13.5px; display: flex; justify-content: space-between; gap: 8px; }
    figcaption small { color: var(--soft); font-variant-numeric: tabular-nums; }
    svg { width: 100%; height: auto; display: block; background: var(--track); border-radius: 8px; }
    polyline { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
    polyline.random { stroke: var(--soft); stroke-dasharray: 4 4; stroke-width: 1.5; }
  `];
	}
	constructor() {
		super(), Object.assign(this, {
			found: null,
			asked: ""
		});
	}
	render() {
		let e = `${this.key} ${this.fill}`;
		return this.asked === e ? this.found ? o`<div class="curves">${this.curve(h("deletion"), this.found.deletion)}${this.curve(h("insertion"), this.found.insertion)}</div>
      <p class="hint">${h("curves_hint")}</p>` : o`<p class="hint" role="status">${h("drawing_curves")}</p>` : o`<button type="button" class="small" data-testid="curves" @click=${() => this.ask(e)}>${h("draw_curves")}</button>`;
	}
	curve(e, t) {
		let n = Math.max(...t.values, ...t.random ?? [], 1e-9), r = h("area", { area: t.area.toFixed(3) }), i = t.random_area === void 0 ? "" : `, ${h("by_chance", { area: t.random_area.toFixed(3) })}`, a = (e) => e.map((e, r) => `${(B + 292 * t.shares[r]).toFixed(1)},${(146 - e / n * 142).toFixed(1)}`).join(" ");
		return o`<figure><figcaption><b>${e}</b><small data-testid="area-${e}">${r}${i}</small></figcaption>
      <svg viewBox="0 0 ${R} ${z}" role="img" aria-label="${e}: ${r}${i}">
        ${t.random ? m`<polyline class="random" points=${a(t.random)}></polyline>` : l}
        ${m`<polyline points=${a(t.values)}></polyline>`}</svg></figure>`;
	}
	async ask(e) {
		Object.assign(this, {
			asked: e,
			found: null
		});
		try {
			let t = await y.curves(this.key, this.fill);
			this.asked === e && (this.found = t);
		} catch (e) {
			this.asked = "", this.session.failed(e);
		}
	}
};
customElements.define("seewhy-curves", V);
// src/app/byhand.ts
var pe = 15, me = class extends x {
	static {
		this.properties = {
			...x.properties,
			chosen: { state: !0 },
			kind: { state: !0 },
			share: { state: !0 },
			keep: { state: !0 },
			fill: { state: !0 },
			answer: { state: !0 },
			size: { state: !0 },
			shown: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: block; }
    .bar { margin-bottom: 14px; }
    .test { display: grid; grid-template-columns: minmax(0, 1fr) 300px; gap: 20px; align-items: start; }
    .picture { position: relative; border-radius: 12px; overflow: hidden; background: var(--track); line-height: 0; }
    .picture img { width: 100%; height: auto; }
    .picture canvas { position: absolute; inset: 0; width: 100%; height: 100%; opacity: .5; touch-action: none; cursor: crosshair; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 16px 18px; display: grid; gap: 14px; }
    seewhy-curves { margin-top: 16px; }
    @media (max-width: 900px) { .test { grid-template-columns: minmax(0, 1fr); } }
  `];
	}
	constructor() {
		super(), this.brush = new L(() => this.ask()), this.due = 0, Object.assign(this, {
			chosen: "",
			kind: "hottest",
			share: 20,
			keep: !1,
			fill: "blur",
			answer: null,
			size: 12,
			shown: ""
		});
	}
	render() {
		let { session: e } = this, { results: t } = e, { photo: n } = e.state;
		if (!n || !e.model) return l;
		let r = t.some((e) => e.key === this.chosen) ? this.chosen : t[0]?.key ?? "", i = e.model.fills ?? [
			"blur",
			"grey",
			"black"
		], a = `${n.id} ${e.state.model} ${r}`;
		return a !== this.shown && queueMicrotask(() => this.restart(a)), o`<form class="bar" @submit=${(e) => e.preventDefault()}>
      <fieldset class="segments"><legend>${h("hide_by")}</legend>
        ${this.segment("kind", "hottest", h("hide_hottest"))}${this.segment("kind", "brush", h("hide_brush"))}</fieldset>
      ${this.kind === "hottest" ? o`<label class="field"><span>${h("explanations")}</span><select data-testid="test-map" @change=${(e) => {
			this.chosen = e.target.value;
		}}>
          ${t.map((e) => o`<option value=${e.key} ?selected=${e.key === r}>${e.method}, ${d(e.target)}</option>`)}</select></label>
        <label class="field slide"><span>${h("hottest_share")} <output data-testid="share-value">${this.share} %</output></span>
          <input type="range" min="0" max="100" .value=${String(this.share)} data-testid="share" @input=${(e) => {
			this.share = e.target.valueAsNumber, this.ask();
		}}></label>` : o`<label class="field slide"><span>${h("brush_size")} <output>${this.size} %</output></span>
          <input type="range" min="2" max="40" .value=${String(this.size)} data-testid="brush-size" @input=${(e) => this.size = e.target.valueAsNumber}></label>
        <button type="button" class="small" data-testid="brush-clear" @click=${() => this.brush.clear()}>${h("brush_clear")}</button>`}
      <fieldset class="segments"><legend>${h("what_is_left")}</legend>${this.segment("keep", "hide", h("hide_it"))}${this.segment("keep", "keep", h("keep_only_it"))}</fieldset>
      <label class="field"><span>${h("filled_with")}</span><select data-testid="fill" @change=${(e) => {
			this.fill = e.target.value, this.ask();
		}}>
        ${i.map((e) => o`<option value=${e} ?selected=${e === this.fill}>${he[e]?.() ?? e}</option>`)}</select></label>
    </form>
    <div class="test"><div>
      <div class="picture"><img src=${this.answer?.picture ?? b(n.id)} alt=${h("shown_to_network")} data-testid="edited">
        ${this.kind === "brush" ? o`<canvas width=${this.brush.columns} height=${this.brush.rows} tabindex="0" role="application" aria-label="${h("hide_brush")}. ${h("brush_keys")}" data-testid="brush"
          @pointerdown=${this.paint} @pointermove=${this.paint} @keydown=${this.steer}></canvas>` : l}</div>
      <p class="hint">${this.kind === "brush" ? h("brush_hint") : h("shown_to_network")}</p>
      ${r && this.kind === "hottest" ? o`<seewhy-curves .session=${e} key=${r} fill=${this.fill}></seewhy-curves>` : l}
    </div><div class="card" data-testid="live"><h2>${h("now_says")}</h2>
      ${this.answer ? o`<p class="hint" data-testid="covered">${h("covered", { share: (100 * this.answer.covered).toFixed(0) })}</p>
        ${this.answer.classes.length ? o`<div><h2>${h("explained_classes")}</h2><div data-testid="live-classes">${u(this.answer.classes, null)}</div></div>` : l}
        <div><h2>${h("predictions")}</h2><div data-testid="live-top">${u(this.answer.predictions, null)}</div></div>` : o`<p class="hint">${h("looking")}</p>`}
    </div></div>`;
	}
	segment(e, t, n) {
		let r = e === "kind" ? this.kind === t : this.keep === (t === "keep");
		return o`<label><input type="radio" name=${e} value=${t} .checked=${r} data-testid="${e}-${t}" @change=${() => {
			e === "kind" ? this.kind = t : this.keep = t === "keep", this.ask();
		}}><span>${n}</span></label>`;
	}
	updated() {
		let e = this.renderRoot.querySelector(".picture canvas");
		e && this.brush.draw(e);
	}
	restart(e) {
		if (this.shown === e) return;
		let { photo: t } = this.session.state;
		t && !this.shown.startsWith(t.id) && this.brush.fit(t.width, t.height), this.shown = e, this.ask();
	}
	ask() {
		clearTimeout(this.due), this.requestUpdate(), this.due = window.setTimeout(() => void this.send(), pe);
	}
	async send() {
		let { session: e, share: t, keep: n, fill: r } = this, { photo: i, model: a } = e.state, { results: o } = e, s = o.some((e) => e.key === this.chosen) ? this.chosen : o[0]?.key;
		if (!i || e.mute || this.kind === "hottest" && !s) return;
		let c = this.kind === "hottest" ? {
			kind: "hottest",
			key: s,
			share: t / 100,
			keep: n,
			fill: r
		} : {
			...this.brush.asEdit(),
			keep: n,
			fill: r
		}, l = [...new Set(o.flatMap((e) => e.class ?? []))].slice(0, 10), u = e.texts.length ? { texts: e.texts } : {};
		this.asking?.abort();
		let d = this.asking = new AbortController();
		try {
			let e = await y.edit({
				photo: i.id,
				model: a,
				top: 5,
				...l.length ? { classes: l } : {},
				...u,
				edit: c,
				picture: !0
			}, d.signal);
			d === this.asking && (this.answer = e);
		} catch (t) {
			d.signal.aborted || e.failed(t);
		}
	}
	paint(e) {
		if (e.type === "pointermove" && !e.buttons) return;
		let t = e.currentTarget, n = t.getBoundingClientRect();
		t.setPointerCapture(e.pointerId), this.brush.dab((e.clientX - n.left) / n.width, (e.clientY - n.top) / n.height, this.size / 100, e.shiftKey);
	}
	steer(e) {
		this.brush.key(e.key, this.size / 100, e.shiftKey) && e.preventDefault();
	}
}, he = {
	blur: () => h("fill_blur"),
	grey: () => h("fill_grey"),
	black: () => h("fill_black"),
	inpaint: () => h("fill_inpaint")
};
customElements.define("seewhy-by-hand", me);
// src/app/classes.ts
var ge = 8, _e = class extends x {
	static {
		this.properties = {
			...x.properties,
			text: { state: !0 },
			at: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: grid; gap: 12px; }
    button.class { display: block; width: calc(100% + 12px); text-align: left; font: inherit; color: inherit; background: none; border: 0; padding: 3px 6px; margin: 0 -6px; border-radius: 8px; cursor: pointer; }
    button.class:hover { background: var(--track); }
    button.class[aria-pressed="true"] { color: var(--accent); font-weight: 600; }
    button.class[aria-pressed="true"] i { background: var(--accent); }
    .predictions { gap: 5px; }
    .chosen { display: flex; flex-wrap: wrap; gap: 6px; }
    .chosen span { display: inline-flex; align-items: center; gap: 4px; padding: 2px 4px 2px 10px; border-radius: 99px; background: var(--accent-soft); color: var(--accent); font-size: 13px; max-width: 100%; overflow-wrap: anywhere; }
    .chosen button { font: inherit; border: 0; background: none; color: inherit; cursor: pointer; padding: 0 6px; border-radius: 99px; min-height: 24px; min-width: 24px; }
    .find { position: relative; }
    .find input { width: 100%; font: inherit; height: 36px; padding: 0 10px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 9px; }
    ul.found { position: absolute; z-index: 3; left: 0; right: 0; top: 40px; margin: 0; padding: 4px; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 8px 30px #0003; }
    ul.found li { padding: 6px 8px; border-radius: 7px; cursor: pointer; display: flex; gap: 8px; justify-content: space-between; }
    ul.found li[aria-selected="true"] { background: var(--accent-soft); color: var(--accent); }
    ul.found small { color: var(--soft); }
  `];
	}
	constructor() {
		super(), Object.assign(this, {
			text: "",
			at: 0
		});
	}
	render() {
		let { session: e } = this, { targets: t } = e.state, n = e.model?.texts;
		return o`${e.predictions ? this.said(e.predictions) : e.state.photo && !e.mute ? o`<p class="hint">${h("looking")}</p>` : l}
      <div class="chosen" role="group" aria-label=${h("explained_classes")} data-testid="targets">${t.map((n) => o`
        <span>${this.named(n)}<button type="button" aria-label="${h("leave_out")}: ${this.named(n)}" ?hidden=${t.length < 2 && !C(e.model)} @click=${() => this.toggle(n)}>×</button></span>`)}</div>
      <div class="find">
        <input type="text" role="combobox" aria-expanded=${String(this.found.length > 0)} aria-controls="found" aria-autocomplete="list"
          aria-activedescendant=${this.found.length ? `found-${this.at}` : l} aria-label=${h(n ? "add_text" : "find_class")}
          placeholder=${h(n ? "add_text" : "find_class")} maxlength="200" autocomplete="off" spellcheck="false" data-testid="find"
          .value=${this.text} @input=${this.typed} @keydown=${this.key} @blur=${() => setTimeout(() => this.text = n ? this.text : "", 150)}>
        <ul class="found" id="found" role="listbox" aria-label=${h("find_class")} ?hidden=${!this.found.length} data-testid="found">${this.found.map((t, n) => o`
          <li role="option" id="found-${n}" aria-selected=${String(n === this.at)} @pointerdown=${(e) => this.pick(e, t)}>
            <span>${e.names[s()][t]}</span><small>${s() === "zh" ? e.names.en[t] : e.names.zh[t]} ${t}</small></li>`)}</ul>
      </div>`;
	}
	said(e) {
		let { targets: t } = this.session.state;
		return this.session.model?.texts ? u(e, null) : o`<ol class="predictions" data-testid="predictions">${e.map((e, r) => {
			let i = t.includes(String(e.index)) || r === 0 && t.includes("top");
			return o`<li><button type="button" class="class" aria-pressed=${String(i)} @click=${() => this.toggle(r === 0 && t.includes("top") ? "top" : String(e.index))}>
        <div><span>${d(e.label)}</span><span>${n(e)}</span></div>
        ${e.probability === void 0 ? l : o`<p><i ${te({ width: `${100 * e.probability}%` })}></i></p>`}</button></li>`;
		})}</ol>`;
	}
	named(e) {
		return e === "top" ? h("likeliest_class") : !this.session.model?.texts && /^\d+$/.test(e) && this.session.names[s()][Number(e)] || e;
	}
	toggle(e) {
		let { targets: t } = this.session.state, n = t.filter((t) => t !== e);
		if (n.length !== t.length) return void ((n.length || C(this.session.model)) && this.session.choose({ targets: n }));
		this.session.choose({ targets: [...t, e] });
	}
	get found() {
		let e = this.text.trim().toLowerCase(), { en: t, zh: n } = this.session.names;
		if (!e || this.session.model?.texts) return [];
		let r = (r) => Math.min(...[t[r] ?? "", n[r] ?? ""].map((t) => {
			let n = t.toLowerCase().indexOf(e);
			return n < 0 ? Infinity : n === 0 ? 0 : /\W/.test(t[n - 1]) ? 1 : 2;
		}), String(r) === e ? -1 : Infinity);
		return [...t.keys()].map((e) => [r(e), e]).filter(([e]) => e < Infinity).sort((e, t) => e[0] - t[0] || e[1] - t[1]).slice(0, ge).map(([, e]) => e);
	}
	typed(e) {
		this.text = e.target.value, this.at = 0;
	}
	key(e) {
		let { found: t } = this, n = {
			ArrowDown: 1,
			ArrowUp: -1
		}[e.key];
		if (e.key === "Escape") this.text = "";
		else if (n && t.length) this.at = (this.at + n + t.length) % t.length;
		else if (e.key === "Enter" && t.length) this.pick(e, t[this.at]);
		else if (e.key === "Enter" && this.text.trim() && (this.session.model?.texts || this.text.includes(" - "))) this.take(e);
		else return;
		e.preventDefault();
	}
	pick(e, t) {
		e.preventDefault(), this.text = "", this.session.state.targets.includes(String(t)) || this.toggle(String(t));
	}
	take(e) {
		e.preventDefault();
		let t = this.text.trim();
		this.text = "", this.session.state.targets.includes(t) || this.toggle(t);
	}
};
customElements.define("seewhy-classes", _e);
// src/app/inside.ts
var H = [
	["activations", () => h("inside_activations")],
	["attention", () => h("inside_attention")],
	["tree", () => h("inside_tree")]
], ve = class extends x {
	static {
		this.properties = {
			...x.properties,
			page: { state: !0 },
			layer: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: block; }
    .bar { margin-bottom: 14px; align-items: end; }
    iframe { width: 100%; height: min(1200px, 90vh); border: 1px solid var(--line); border-radius: 14px; background: var(--paper); }
  `];
	}
	constructor() {
		super(), Object.assign(this, {
			page: "activations",
			layer: ""
		});
	}
	render() {
		let { session: e } = this, { photo: t, model: n } = e.state, { layers: r } = e;
		if (!t || !e.model) return l;
		let i = e.model.methods.some((e) => e.id === "raw_attention" && e.offered), a = H.filter(([e]) => e !== "attention" || i), c = ye(this.page, a), u = (r.find((e) => e.name === this.layer) ?? r.find((e) => e.default))?.name ?? "", d = new URLSearchParams({
			photo: t.id,
			model: n,
			lang: s(),
			...c === "activations" && u ? { layer: u } : {}
		});
		return o`<div class="bar"><fieldset class="segments"><legend>${h("show")}</legend>${a.map(([e, t]) => o`
        <label><input type="radio" name="page" value=${e} .checked=${e === c} data-testid="inside-${e}" @change=${() => this.page = e}><span>${t()}</span></label>`)}</fieldset>
      ${c === "activations" && r.length ? o`<label class="field"><span>${h("layer")}</span><select data-testid="inside-layer" @change=${(e) => this.layer = e.target.value}>
        ${r.map((e) => o`<option value=${e.name} ?selected=${e.name === u}>${e.name} (${e.channels} × ${e.rows} × ${e.columns})</option>`)}</select></label>` : l}</div>
      <iframe sandbox="allow-scripts" src="/inside/${c}?${d}" title=${H.find(([e]) => e === c)[1]()} data-testid="inside"></iframe>`;
	}
}, ye = (e, t) => t.some(([t]) => t === e) ? e : t[0][0];
customElements.define("seewhy-inside", ve);
// src/app/intake.ts
var be = class extends x {
	constructor(...e) {
		super(...e), this.pasted = (e) => this.take(e.clipboardData, e), this.dropped = (e) => {
			this.over = !1, this.take(e.dataTransfer, e);
		}, this.dragged = (e) => {
			e.dataTransfer?.types.includes("Files") && (e.preventDefault(), this.over = !0);
		}, this.left = (e) => {
			e.relatedTarget || (this.over = !1);
		};
	}
	static {
		this.properties = {
			...x.properties,
			over: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: block; }
    .drop { border: 1.5px dashed var(--line); border-radius: 14px; padding: 14px; background: var(--card); display: grid; gap: 10px; }
    .drop.over { border-color: var(--accent); background: var(--accent-soft); }
    .drop p { margin: 0; color: var(--soft); font-size: 13.5px; }
    .row { display: flex; flex-wrap: wrap; gap: 8px; }
    .first { grid-template-columns: minmax(0, 1fr); padding: clamp(24px, 7vh, 72px) 20px; text-align: center; justify-items: center; }
    .first .row { justify-content: center; }
    .photos { display: flex; gap: 8px; max-width: 100%; overflow-x: auto; padding: 4px; margin: 0 -4px; scrollbar-width: thin; }
    .photos button { flex: none; padding: 0; border: 2px solid transparent; border-radius: 10px; background: none; cursor: pointer; line-height: 0; }
    .photos button[aria-pressed="true"] { border-color: var(--accent); }
    .photos img { width: 58px; height: 58px; object-fit: cover; border-radius: 7px; background: var(--track); }
    .samples img { width: 92px; height: 68px; }
    .camera { display: none; }
    @media (pointer: coarse) { .camera { display: inline-block; } }
    input[type="file"] { position: absolute; width: 1px; height: 1px; opacity: 0; pointer-events: none; }
  `];
	}
	connectedCallback() {
		super.connectedCallback(), addEventListener("paste", this.pasted), addEventListener("dragover", this.dragged), addEventListener("dragleave", this.left), addEventListener("drop", this.dropped);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), removeEventListener("paste", this.pasted), removeEventListener("dragover", this.dragged), removeEventListener("dragleave", this.left), removeEventListener("drop", this.dropped);
	}
	render() {
		let { session: e } = this, { photo: t } = e.state, n = !t;
		return o`<div class="drop ${n ? "first" : ""} ${this.over ? "over" : ""}" data-testid="drop">
      ${n ? o`<h2>${h("drop_photo")}</h2>` : l}
      <div class="row">
        <button type="button" class="small" data-testid="choose" @click=${() => this.pick("file")}>${h("choose_photos")}</button>
        <button type="button" class="small camera" @click=${() => this.pick("camera")}>${h("take_photo")}</button>
        <input id="file" type="file" accept="image/*" multiple tabindex="-1" aria-hidden="true" data-testid="file" @change=${this.chosen}>
        <input id="camera" type="file" accept="image/*" capture="environment" tabindex="-1" aria-hidden="true" @change=${this.chosen}>
      </div>
      <p>${h("drop_hint")}</p>
      ${e.photos.length > 1 ? this.list(e.photos, "photos", t) : l}
      ${e.samples.length && n ? o`<p>${h("or_a_sample")}</p>${this.list(e.samples, "samples", t)}` : l}
      ${e.samples.length && !n ? o`<details><summary><small>${h("samples")}</small></summary>${this.list(e.samples, "samples", t)}</details>` : l}
    </div>`;
	}
	list(e, t, n) {
		return o`<div class="photos ${t}" role="group" aria-label=${h(t === "samples" ? "samples" : "photo")} data-testid=${t}>${e.map((e) => o`
      <button type="button" aria-pressed=${String(e.id === n?.id)} aria-label=${e.name} title=${e.name}
        @click=${() => this.session.choose({ photo: e })}><img src=${b(e.id)} alt="" loading="lazy" @error=${() => this.session.missed(e)}></button>`)}</div>`;
	}
	pick(e) {
		this.renderRoot.querySelector(`#${e}`).click();
	}
	chosen(e) {
		let t = e.target;
		this.session.add([...t.files ?? []]), t.value = "";
	}
	take(e, t) {
		let n = [...e?.files ?? []];
		n.length && (t.preventDefault(), this.session.add(n));
	}
};
customElements.define("seewhy-intake", be);
// src/app/card.ts
var xe = class extends x {
	static {
		this.properties = {
			...x.properties,
			method: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    dialog { width: min(640px, calc(100vw - 24px)); max-height: calc(100vh - 40px); padding: 22px 24px; border: 1px solid var(--line); border-radius: 16px; background: var(--card); color: var(--ink); box-shadow: 0 20px 60px #0005; }
    dialog::backdrop { background: #0007; }
    h3 { margin: 0 0 4px; font-size: 21px; font-weight: 650; }
    h4 { margin: 16px 0 2px; font-size: 12.5px; color: var(--soft); font-weight: 600; }
    p { margin: 0; }
    form { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 10px 16px; margin-top: 6px; }
    form .field span { overflow-wrap: anywhere; }
    form input[type="text"] { font: inherit; height: 34px; padding: 0 10px; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 9px; width: 100%; }
    form select { max-width: none; width: 100%; }
    form small { color: var(--soft); }
    .end { display: flex; gap: 10px; justify-content: end; margin-top: 20px; }
    a { color: var(--accent); overflow-wrap: anywhere; }
    .why { color: var(--stamp); }
    @media (max-width: 560px) { form { grid-template-columns: minmax(0, 1fr); } }
  `];
	}
	constructor() {
		super(), this.method = null;
	}
	show(e) {
		this.method = e, this.session.cards || this.session.describe(), this.updateComplete.then(() => this.renderRoot.querySelector("dialog").showModal());
	}
	render() {
		let { session: e } = this, t = e.model?.methods.find((e) => e.id === this.method?.id) ?? this.method;
		if (!this.method || !t) return l;
		let n = e.cards?.[t.id], r = e.state.methods.find((e) => e.id === t.id)?.options ?? {};
		return o`<dialog aria-labelledby="card-title" data-testid="card" @close=${() => this.method = null}>
      <h3 id="card-title">${t.title}</h3><p class="hint">${n?.summary ?? t.summary}</p>
      ${t.offered ? l : o`<p class="why">${t.reason}</p>`}
      ${n ? o`${U(h("card_answers"), n.answers)}${U(h("card_use"), n.use)}${U(h("card_misleads"), n.misleads)}` : l}
      ${U(h("card_cost"), n?.cost ?? t.cost)}
      ${n ? o`<h4>${h("card_paper")}</h4><p><a href=${n.link} target="_blank" rel="noreferrer">${n.paper}</a></p>` : l}
      ${t.offered && t.options.length ? o`<h4>${h("options")}</h4><form @submit=${this.run}>${t.options.map((e) => this.option(e, r[e.name]))}
        <button hidden></button></form>` : l}
      <div class="end">${t.offered ? o`<button type="button" class="small" data-testid="run-card" @click=${this.run}>${h("explain_with_these")}</button>` : l}
        <button type="button" class="small" data-testid="close-card" @click=${this.close}>${h("close")}</button></div>
    </dialog>`;
	}
	option(e, t) {
		let n = t ?? "", r = e.default === null ? h("automatic") : String(e.default), i = e.choices ?? (typeof e.default == "boolean" ? ["true", "false"] : null);
		return o`<label class="field"><span>${e.name}</span>
      ${i ? o`<select name=${e.name}><option value="" ?selected=${!n}>${r}</option>${i.filter((e) => e !== r).map((e) => o`<option value=${e} ?selected=${e === n}>${e}</option>`)}</select>` : o`<input type="text" name=${e.name} .value=${n} placeholder=${r} autocomplete="off">`}
      <small>${e.help}</small></label>`;
	}
	run(e) {
		e.preventDefault();
		let t = this.renderRoot.querySelector("form"), n = t ? [...new FormData(t)].filter(([, e]) => e !== "") : [], { id: r } = this.method, i = this.session.state.methods.filter((e) => e.id !== r);
		this.close(), this.session.choose({ methods: [...i, {
			id: r,
			options: Object.fromEntries(n.map(([e, t]) => [e, String(t)]))
		}] });
	}
	close() {
		this.renderRoot.querySelector("dialog").close();
	}
}, U = (e, t) => o`<h4>${e}</h4><p>${t}</p>`;
customElements.define("seewhy-card", xe);
// src/app/methods.ts
var Se = {
	cam: () => h("family_cam"),
	gradient: () => h("family_gradient"),
	perturbation: () => h("family_perturbation"),
	attention: () => h("family_attention")
}, Ce = class extends x {
	static {
		this.properties = {
			...x.properties,
			text: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: block; }
    details { border-top: 1px solid var(--line); }
    summary { cursor: pointer; padding: 8px 0; font-weight: 600; font-size: 13.5px; }
    summary small { color: var(--soft); font-weight: 400; }
    ul { list-style: none; margin: 0 0 8px; padding: 0; }
    li { display: flex; align-items: center; gap: 4px; }
    label { flex: 1; display: flex; gap: 8px; align-items: center; min-height: 30px; cursor: pointer; min-width: 0; overflow-wrap: anywhere; line-height: 1.25; }
    label input { flex: none; width: 16px; height: 16px; margin: 0; accent-color: var(--accent); }
    li.refused label { color: var(--soft); cursor: default; }
    li small { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
    button.about { font: inherit; flex: none; width: 28px; height: 28px; border: 0; border-radius: 99px; background: none; color: var(--soft); cursor: pointer; }
    button.about:hover { background: var(--track); color: var(--ink); }
    input[type="search"] { width: 100%; font: inherit; height: 34px; padding: 0 10px; margin-bottom: 8px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 9px; }
    .layer { padding: 8px 0 12px; border-top: 1px solid var(--line); }
    .layer input { width: 100%; }
  `];
	}
	constructor() {
		super(), this.looked = /* @__PURE__ */ new Set(), this.text = "";
	}
	render() {
		let { session: e } = this, t = e.model?.methods ?? [], n = this.text.trim().toLowerCase(), r = (e) => !n || `${e.id} ${e.title}`.toLowerCase().includes(n), i = [...new Set(t.map((e) => e.family))].sort((e, t) => W(e) - W(t));
		return o`<input type="search" aria-label=${h("find_method")} placeholder=${h("find_method")} data-testid="find-method" .value=${this.text}
        @input=${(e) => this.text = e.target.value}>
      ${this.layerSlider()}
      ${i.map((e) => this.family(e, t.filter((t) => t.family === e && r(t)), !!n))}
      <seewhy-card .session=${e}></seewhy-card>`;
	}
	family(e, t, n) {
		let { state: r } = this.session, i = t.filter((e) => r.methods.some((t) => t.id === e.id)).length;
		if (!t.length) return l;
		let a = n || i > 0 || e === "cam";
		return o`<details ?open=${a} data-testid="family-${e}" @toggle=${(t) => this.opened(e, t)}><summary>${Se[e]?.() ?? e} <small>${i ? `${i} / ` : ""}${t.length}</small></summary>
      ${a || this.looked.has(e) ? o`<ul>${t.map((e) => this.method(e))}</ul>` : l}</details>`;
	}
	opened(e, t) {
		t.target.open && this.looked.add(e), this.requestUpdate();
	}
	method(e) {
		let { session: t } = this, n = t.state.methods.filter((t) => t.id === e.id), r = t.costs.get(e.id);
		return o`<li class=${e.offered ? "" : "refused"}><label title=${e.offered ? e.summary : e.reason}>
        <input type="checkbox" .checked=${n.length > 0} ?disabled=${!e.offered} data-testid="method-${e.id}" @change=${(t) => this.toggle(e, t.target.checked)}>
        <span>${e.title}</span></label>
      ${e.offered ? o`<small title=${e.cost} data-testid="cost-${e.id}">${r?.seconds == null ? "" : `≈ ${G(r.seconds)}`}</small>` : o`<small>${h("refused")}</small>`}
      <button type="button" class="about" aria-label="${h("about_method", { name: e.title })}" data-testid="about-${e.id}" @click=${() => this.about(e)}>ⓘ</button></li>`;
	}
	layerSlider() {
		let { session: e } = this, { layers: t } = e, n = e.state.methods.filter((e) => this.reads(e));
		if (t.length < 2 || !n.length) return l;
		let r = n[0].options.layer, i = r ? t.findIndex((e) => e.name === r) : t.findIndex((e) => e.default), a = t[i < 0 ? t.length - 1 : i];
		return o`<div class="layer"><label class="field"><span>${h("layer")}: <output data-testid="layer-name">${a.name} (${a.rows} × ${a.columns})</output></span></label>
      <input type="range" min="0" max=${t.length - 1} step="1" .value=${String(i < 0 ? t.length - 1 : i)} aria-label=${h("layer")} aria-valuetext="${a.name}, ${a.rows} × ${a.columns}"
        data-testid="layer" @change=${(e) => this.layer(e.target.valueAsNumber)}></div>`;
	}
	reads(e) {
		let t = this.session.model?.methods.find((t) => t.id === e.id);
		return t?.family === "cam" && t.options.some((e) => e.name === "layer");
	}
	layer(e) {
		let t = this.session.layers[e], n = this.session.state.methods.map((e) => {
			if (!this.reads(e)) return e;
			let { layer: n, ...r } = e.options;
			return {
				...e,
				options: t.default ? r : {
					...r,
					layer: t.name
				}
			};
		});
		this.session.choose({ methods: n });
	}
	toggle(e, t) {
		let n = this.session.state.methods.filter((t) => t.id !== e.id);
		this.session.choose({ methods: t ? [...n, {
			id: e.id,
			options: {}
		}] : n });
	}
	about(e) {
		this.renderRoot.querySelector("seewhy-card").show(e);
	}
}, W = (e) => [
	"cam",
	"attention",
	"gradient",
	"perturbation"
].indexOf(e), G = (e) => e < .95 ? `${Math.max(e, .01).toFixed(e < .095 ? 2 : 1)} s` : e < 99.5 ? `${Math.round(e)} s` : `${Math.round(e / 60)} min`;
customElements.define("seewhy-methods", Ce);
// src/app/queue.ts
var K = class extends x {
	static {
		this.styles = [f, i`
    :host { display: block; }
    ul { list-style: none; margin: 0 0 14px; padding: 0; display: grid; gap: 8px; }
    li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 12px; align-items: center; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 8px 8px 8px 14px; }
    li.failed { border-color: var(--stamp); }
    progress { width: 100%; height: 6px; accent-color: var(--accent); }
    span small { color: var(--soft); margin-left: 8px; font-variant-numeric: tabular-nums; }
    .hint { margin: 2px 0 0; }
  `];
	}
	render() {
		let { works: e, wishes: t } = this.session, n = new Set(t.map(([e]) => e)), r = [...e.all.values()].filter((e) => n.has(e.name) && (!A(e) || e.state === "failed" || e.state === "cancelled"));
		return o`<ul aria-label=${h("queue")} data-testid="queue" ?hidden=${!r.length}>${r.map((e) => this.work(e))}</ul>
      <p class="hint" role="status" data-testid="status">${e.busy.length ? h("works_waiting", { count: e.busy.length }) : ""}</p>`;
	}
	work(e) {
		let { done: t, total: n, left: r, forward: i } = e.progress, a = n ? `${Math.round(100 * (t ?? 0) / n)} %` : i ? h("forward_backward", {
			forward: i,
			backward: e.progress.backward ?? 0
		}) : "", s = r ? h("time_left", { time: G(r) }) : "", c = this.session.model?.methods.find((t) => t.id === e.method)?.title ?? e.method, u = e.state === "waiting" || e.state === "asking" ? h("waiting_behind", { count: e.before }) : "";
		return o`<li class=${e.state} data-testid="work-${e.method}">
      <span><b>${c}</b>${e.trouble ? l : o`<small>${[
			u,
			a,
			s,
			e.state === "cancelled" ? h("cancelled") : ""
		].filter(Boolean).join(" · ")}</small>`}
        ${e.trouble ? o`<p class="hint" role="alert">${q(e.trouble)}</p>` : l}</span>
      ${A(e) ? o`<button type="button" class="small" data-testid="again-${e.method}" @click=${() => this.session.again()}>${h("again")}</button>` : o`<button type="button" class="small" data-testid="cancel-${e.method}" @click=${() => this.session.works.cancel(e)}>${h("cancel")}</button>`}
      ${A(e) ? l : n ? o`<progress max=${n} value=${t ?? 0} aria-label=${c}></progress>` : o`<progress aria-label=${c}></progress>`}
    </li>`;
	}
}, q = (e) => e.code === "away" ? h("server_away") : e.code === "unknown_photo" ? h("photo_gone", { name: e.problem }) : [e.problem, e.hint].filter(Boolean).join(": ");
customElements.define("seewhy-queue", K);
// src/app/share.ts
var we = class extends x {
	static {
		this.properties = {
			...x.properties,
			done: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 14px; align-items: center; }
    a.small { font: inherit; font-size: 13.5px; line-height: 32px; height: 34px; padding: 0 12px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 9px; text-decoration: none; }
    a.small:hover { border-color: var(--accent); }
  `];
	}
	render() {
		let { session: e } = this, { results: t } = e, n = t.map((e) => `key=${e.key}`).join("&");
		return t.length ? o`<button type="button" class="small" data-testid="copy-link" @click=${() => this.copy(e.link)}>${h("copy_link")}</button>
      <button type="button" class="small" data-testid="copy-python" @click=${() => this.copy(J(t.map((e) => e.calls.python)))}>${h("copy_python")}</button>
      <button type="button" class="small" data-testid="copy-command" @click=${() => this.copy(J(t.map((e) => e.calls.command)))}>${h("copy_command")}</button>
      <a class="small" data-testid="report" href="/api/report?${n}&lang=${s()}" download="seewhy.html">${h("save_report")}</a>
      <span class="hint" role="status" data-testid="copied">${this.done}</span>` : l;
	}
	async copy(e) {
		if (!e) return void (this.done = h("no_call"));
		try {
			await navigator.clipboard.writeText(e), this.done = h("copied");
		} catch {
			this.done = e;
		}
		setTimeout(() => this.done = "", 4e3);
	}
}, J = (e) => [...new Set(e.filter((e) => e !== null))].join("\n");
customElements.define("seewhy-share", we);
// src/app/app.ts
var Y = [
	["explain", () => h("tab_explain")],
	["inside", () => h("tab_inside")],
	["test", () => h("tab_test")]
], X = [
	"auto",
	"light",
	"dark"
], Te = 200, Z = class extends x {
	static {
		this.properties = {
			...x.properties,
			theme: { state: !0 },
			begun: { state: !0 },
			settled: { state: !0 }
		};
	}
	static {
		this.styles = [f, i`
    :host { display: block; }
    header { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 16px; margin-bottom: 18px; }
    header .brand { font-size: 19px; margin: 0; }
    header .field span { white-space: nowrap; }
    header .field { display: flex; align-items: center; gap: 8px; }
    header .right { margin-left: auto; display: flex; gap: 8px; }
    .page { display: grid; grid-template-columns: 330px minmax(0, 1fr); gap: 22px; align-items: start; }
    .side { display: grid; gap: 14px; }
    section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: 14px 16px; min-width: 0; }
    .start { max-width: 760px; margin: 6vh auto 0; }
    .start h1 { text-align: center; margin-bottom: 22px; }
    [role="tablist"] { display: flex; gap: 4px; margin-bottom: 14px; border-bottom: 1px solid var(--line); }
    [role="tab"] { font: inherit; padding: 8px 14px; border: 0; border-bottom: 2.5px solid transparent; background: none; color: var(--soft); cursor: pointer; }
    [role="tab"][aria-selected="true"] { color: var(--accent); border-color: var(--accent); font-weight: 600; }
    .trouble { display: flex; gap: 12px; justify-content: space-between; align-items: start; padding: 10px 14px; margin-bottom: 14px; border: 1px solid var(--stamp); border-radius: 12px; background: var(--card); }
    .waiting { max-width: 100%; max-height: 60vh; border-radius: 12px; }
    @media (max-width: 900px) {
      .page { display: flex; flex-direction: column; align-items: stretch; gap: 14px; }
      .side { display: contents; }
      .methods { order: 2; }
    }
  `];
	}
	constructor() {
		super();
		let e = document.getElementById("data");
		this.session = new F(JSON.parse(e.textContent), $), this.theme = localStorage.getItem("seewhy-theme") ?? "auto", Object.assign(this, {
			begun: !1,
			settled: !1
		}), Promise.race([this.session.opened, N(Te)]).then(() => this.begun = !0), this.session.seen.then(() => this.settled = !0), this.addEventListener("look", (e) => this.session.look(e.detail));
	}
	shouldUpdate() {
		return this.begun;
	}
	render() {
		let { session: e } = this, { photo: t, tab: n } = e.state;
		return document.documentElement.lang = s() === "zh" ? "zh-CN" : "en", document.documentElement.style.colorScheme = this.theme === "auto" ? "light dark" : this.theme, document.title = t ? `${t.name} · seewhy` : "seewhy", o`<header>
        <p class="brand">seewhy</p>
        ${e.models.length ? o`<label class="field"><span>${h("model")}</span><select data-testid="model" @change=${(t) => e.use(t.target.value)}>
          ${e.models.map((t) => o`<option value=${t.id} ?selected=${t.id === e.state.model}>${t.name}</option>`)}
          ${e.loading.map((e) => o`<option disabled>${e} …</option>`)}</select></label>` : o`<p class="hint" role="status" data-testid="loading">${h("loading", { name: e.loading[0] ?? "" })}</p>`}
        ${e.model?.weights === "random" ? o`<p class="stamp-inline" data-testid="stamp">${h("random_weights")}</p>` : l}
        <div class="right"><button type="button" class="small" data-testid="language" lang=${s() === "en" ? "zh-CN" : "en"} @click=${() => p(s() === "en" ? "zh" : "en")}>${s() === "zh" ? "English" : this.settled ? "中文" : ""}</button>
        <button type="button" class="small" data-testid="theme" @click=${this.shade}>${h("theme")}: ${Ee[this.theme]?.() ?? this.theme}</button></div>
      </header>
      ${e.trouble ? o`<div class="trouble" role="alert" data-testid="trouble"><span>${q(e.trouble)}</span><button type="button" class="small" @click=${() => e.dismiss()}>${h("close")}</button></div>` : l}
      ${t ? this.page(n) : o`<div class="start"><h1>${h("see_why")}</h1><seewhy-intake .session=${e}></seewhy-intake></div>`}`;
	}
	page(e) {
		let { session: t } = this;
		return o`<div class="page"><div class="side">
        <seewhy-intake .session=${t}></seewhy-intake>
        <section aria-label=${h("predictions")}><h2>${h("predictions")}</h2><seewhy-classes .session=${t}></seewhy-classes></section>
        <section class="methods" aria-label=${h("methods")}><h2>${h("methods")}</h2><seewhy-methods .session=${t}></seewhy-methods></section>
      </div><div>
        <div role="tablist" @keydown=${this.turn}>${Y.map(([n, r]) => o`<button type="button" role="tab" id="tab-${n}" aria-selected=${String(n === e)} aria-controls="panel"
          tabindex=${n === e ? 0 : -1} data-testid="tab-${n}" @click=${() => t.choose({ tab: n })}>${r()}</button>`)}</div>
        <div role="tabpanel" id="panel" aria-labelledby="tab-${e}">${e === "inside" ? o`<seewhy-inside .session=${t}></seewhy-inside>` : e === "test" ? o`<seewhy-by-hand .session=${t}></seewhy-by-hand>` : this.explained()}</div>
      </div></div>`;
	}
	explained() {
		let { session: e } = this, { data: t } = e, { photo: n } = e.state, r = e.state.targets.length;
		return e.mute && n ? o`<p role="status" data-testid="type-a-text">${h("type_a_text")}</p>
      <img class="waiting" src=${b(n.id)} alt=${n.name} @error=${() => e.missed(n)}>` : o`<seewhy-queue .session=${e}></seewhy-queue><seewhy-share .session=${e}></seewhy-share>
      ${t?.explanations.length ? o`<seewhy-viewer bare columns=${r > 1 && r < 5 ? r : 0} .data=${t} .view=${e.state.view}></seewhy-viewer>` : l}`;
	}
	turn(e) {
		let t = {
			ArrowRight: 1,
			ArrowLeft: -1
		}[e.key];
		if (!t) return;
		let [n] = Y[(Y.findIndex(([e]) => e === this.session.state.tab) + t + Y.length) % Y.length];
		this.session.choose({ tab: n }), this.updateComplete.then(() => this.renderRoot.querySelector(`#tab-${n}`)?.focus());
	}
	shade() {
		this.theme = X[(X.indexOf(this.theme) + 1) % X.length], localStorage.setItem("seewhy-theme", this.theme);
	}
}, Ee = {
	auto: () => h("automatic"),
	light: () => h("theme_light"),
	dark: () => h("theme_dark")
}, Q = new CSSStyleSheet();
Q.replaceSync(ee), document.adoptedStyleSheets.push(Q);
var $ = null;
function De(e) {
	$ = e, customElements.define("seewhy-app", Z);
}
export { Z as App, De as open };
