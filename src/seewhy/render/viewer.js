// node_modules/@lit/reactive-element/css-tag.js
var e = globalThis, t = e.ShadowRoot && (e.ShadyCSS === void 0 || e.ShadyCSS.nativeShadow) && "adoptedStyleSheets" in Document.prototype && "replace" in CSSStyleSheet.prototype, n = Symbol(), r = /* @__PURE__ */ new WeakMap(), i = class {
	constructor(e, t, r) {
		if (this._$cssResult$ = !0, r !== n) throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");
		this.cssText = e, this.t = t;
	}
	get styleSheet() {
		let e = this.o, n = this.t;
		if (t && e === void 0) {
			let t = n !== void 0 && n.length === 1;
			t && (e = r.get(n)), e === void 0 && ((this.o = e = new CSSStyleSheet()).replaceSync(this.cssText), t && r.set(n, e));
		}
		return e;
	}
	toString() {
		return this.cssText;
	}
}, a = (e) => new i(typeof e == "string" ? e : e + "", void 0, n), o = (e, ...t) => new i(e.length === 1 ? e[0] : t.reduce((t, n, r) => t + ((e) => {
	if (!0 === e._$cssResult$) return e.cssText;
	if (typeof e == "number") return e;
	throw Error("Value passed to 'css' function must be a 'css' function result: " + e + ". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.");
})(n) + e[r + 1], e[0]), e, n), s = (n, r) => {
	if (t) n.adoptedStyleSheets = r.map((e) => e instanceof CSSStyleSheet ? e : e.styleSheet);
	else for (let t of r) {
		let r = document.createElement("style"), i = e.litNonce;
		i !== void 0 && r.setAttribute("nonce", i), r.textContent = t.cssText, n.appendChild(r);
	}
}, c = t ? (e) => e : (e) => e instanceof CSSStyleSheet ? ((e) => {
	let t = "";
	for (let n of e.cssRules) t += n.cssText;
	return a(t);
})(e) : e, { is: l, defineProperty: u, getOwnPropertyDescriptor: d, getOwnPropertyNames: f, getOwnPropertySymbols: p, getPrototypeOf: ee } = Object, m = globalThis, te = m.trustedTypes, ne = te ? te.emptyScript : "", re = m.reactiveElementPolyfillSupport, h = (e, t) => e, ie = {
	toAttribute(e, t) {
		switch (t) {
			case Boolean:
				e = e ? ne : null;
				break;
			case Object:
			case Array: e = e == null ? e : JSON.stringify(e);
		}
		return e;
	},
	fromAttribute(e, t) {
		let n = e;
		switch (t) {
			case Boolean:
				n = e !== null;
				break;
			case Number:
				n = e === null ? null : Number(e);
				break;
			case Object:
			case Array: try {
				n = JSON.parse(e);
			} catch {
				n = null;
			}
		}
		return n;
	}
}, ae = (e, t) => !l(e, t), oe = {
	attribute: !0,
	type: String,
	converter: ie,
	reflect: !1,
	useDefault: !1,
	hasChanged: ae
};
Symbol.metadata ??= Symbol("metadata"), m.litPropertyMetadata ??= /* @__PURE__ */ new WeakMap();
var g = class extends HTMLElement {
	static addInitializer(e) {
		this._$Ei(), (this.l ??= []).push(e);
	}
	static get observedAttributes() {
		return this.finalize(), this._$Eh && [...this._$Eh.keys()];
	}
	static createProperty(e, t = oe) {
		if (t.state && (t.attribute = !1), this._$Ei(), this.prototype.hasOwnProperty(e) && ((t = Object.create(t)).wrapped = !0), this.elementProperties.set(e, t), !t.noAccessor) {
			let n = Symbol(), r = this.getPropertyDescriptor(e, n, t);
			r !== void 0 && u(this.prototype, e, r);
		}
	}
	static getPropertyDescriptor(e, t, n) {
		let { get: r, set: i } = d(this.prototype, e) ?? {
			get() {
				return this[t];
			},
			set(e) {
				this[t] = e;
			}
		};
		return {
			get: r,
			set(t) {
				let a = r?.call(this);
				i?.call(this, t), this.requestUpdate(e, a, n);
			},
			configurable: !0,
			enumerable: !0
		};
	}
	static getPropertyOptions(e) {
		return this.elementProperties.get(e) ?? oe;
	}
	static _$Ei() {
		if (this.hasOwnProperty(h("elementProperties"))) return;
		let e = ee(this);
		e.finalize(), e.l !== void 0 && (this.l = [...e.l]), this.elementProperties = new Map(e.elementProperties);
	}
	static finalize() {
		if (this.hasOwnProperty(h("finalized"))) return;
		if (this.finalized = !0, this._$Ei(), this.hasOwnProperty(h("properties"))) {
			let e = this.properties, t = [...f(e), ...p(e)];
			for (let n of t) this.createProperty(n, e[n]);
		}
		let e = this[Symbol.metadata];
		if (e !== null) {
			let t = litPropertyMetadata.get(e);
			if (t !== void 0) for (let [e, n] of t) this.elementProperties.set(e, n);
		}
		this._$Eh = /* @__PURE__ */ new Map();
		for (let [e, t] of this.elementProperties) {
			let n = this._$Eu(e, t);
			n !== void 0 && this._$Eh.set(n, e);
		}
		this.elementStyles = this.finalizeStyles(this.styles);
	}
	static finalizeStyles(e) {
		let t = [];
		if (Array.isArray(e)) {
			let n = new Set(e.flat(1 / 0).reverse());
			for (let e of n) t.unshift(c(e));
		} else e !== void 0 && t.push(c(e));
		return t;
	}
	static _$Eu(e, t) {
		let n = t.attribute;
		return !1 === n ? void 0 : typeof n == "string" ? n : typeof e == "string" ? e.toLowerCase() : void 0;
	}
	constructor() {
		super(), this._$Ep = void 0, this.isUpdatePending = !1, this.hasUpdated = !1, this._$Em = null, this._$Ev();
	}
	_$Ev() {
		this._$ES = new Promise((e) => this.enableUpdating = e), this._$AL = /* @__PURE__ */ new Map(), this._$E_(), this.requestUpdate(), this.constructor.l?.forEach((e) => e(this));
	}
	addController(e) {
		(this._$EO ??= /* @__PURE__ */ new Set()).add(e), this.renderRoot !== void 0 && this.isConnected && e.hostConnected?.();
	}
	removeController(e) {
		this._$EO?.delete(e);
	}
	_$E_() {
		let e = /* @__PURE__ */ new Map(), t = this.constructor.elementProperties;
		for (let n of t.keys()) this.hasOwnProperty(n) && (e.set(n, this[n]), delete this[n]);
		e.size > 0 && (this._$Ep = e);
	}
	createRenderRoot() {
		let e = this.shadowRoot ?? this.attachShadow(this.constructor.shadowRootOptions);
		return s(e, this.constructor.elementStyles), e;
	}
	connectedCallback() {
		this.renderRoot ??= this.createRenderRoot(), this.enableUpdating(!0), this._$EO?.forEach((e) => e.hostConnected?.());
	}
	enableUpdating(e) {}
	disconnectedCallback() {
		this._$EO?.forEach((e) => e.hostDisconnected?.());
	}
	attributeChangedCallback(e, t, n) {
		this._$AK(e, n);
	}
	_$ET(e, t) {
		let n = this.constructor.elementProperties.get(e), r = this.constructor._$Eu(e, n);
		if (r !== void 0 && !0 === n.reflect) {
			let i = (n.converter?.toAttribute === void 0 ? ie : n.converter).toAttribute(t, n.type);
			this._$Em = e, i == null ? this.removeAttribute(r) : this.setAttribute(r, i), this._$Em = null;
		}
	}
	_$AK(e, t) {
		let n = this.constructor, r = n._$Eh.get(e);
		if (r !== void 0 && this._$Em !== r) {
			let e = n.getPropertyOptions(r), i = typeof e.converter == "function" ? { fromAttribute: e.converter } : e.converter?.fromAttribute === void 0 ? ie : e.converter;
			this._$Em = r;
			let a = i.fromAttribute(t, e.type);
			this[r] = a ?? this._$Ej?.get(r) ?? a, this._$Em = null;
		}
	}
	requestUpdate(e, t, n, r = !1, i) {
		if (e !== void 0) {
			let a = this.constructor;
			if (!1 === r && (i = this[e]), n ??= a.getPropertyOptions(e), !((n.hasChanged ?? ae)(i, t) || n.useDefault && n.reflect && i === this._$Ej?.get(e) && !this.hasAttribute(a._$Eu(e, n)))) return;
			this.C(e, t, n);
		}
		!1 === this.isUpdatePending && (this._$ES = this._$EP());
	}
	C(e, t, { useDefault: n, reflect: r, wrapped: i }, a) {
		n && !(this._$Ej ??= /* @__PURE__ */ new Map()).has(e) && (this._$Ej.set(e, a ?? t ?? this[e]), !0 !== i || a !== void 0) || (this._$AL.has(e) || (this.hasUpdated || n || (t = void 0), this._$AL.set(e, t)), !0 === r && this._$Em !== e && (this._$Eq ??= /* @__PURE__ */ new Set()).add(e));
	}
	async _$EP() {
		this.isUpdatePending = !0;
		try {
			await this._$ES;
		} catch (e) {
			Promise.reject(e);
		}
		let e = this.scheduleUpdate();
		return e != null && await e, !this.isUpdatePending;
	}
	scheduleUpdate() {
		return this.performUpdate();
	}
	performUpdate() {
		if (!this.isUpdatePending) return;
		if (!this.hasUpdated) {
			if (this.renderRoot ??= this.createRenderRoot(), this._$Ep) {
				for (let [e, t] of this._$Ep) this[e] = t;
				this._$Ep = void 0;
			}
			let e = this.constructor.elementProperties;
			if (e.size > 0) for (let [t, n] of e) {
				let { wrapped: e } = n, r = this[t];
				!0 !== e || this._$AL.has(t) || r === void 0 || this.C(t, void 0, n, r);
			}
		}
		let e = !1, t = this._$AL;
		try {
			e = this.shouldUpdate(t), e ? (this.willUpdate(t), this._$EO?.forEach((e) => e.hostUpdate?.()), this.update(t)) : this._$EM();
		} catch (t) {
			throw e = !1, this._$EM(), t;
		}
		e && this._$AE(t);
	}
	willUpdate(e) {}
	_$AE(e) {
		this._$EO?.forEach((e) => e.hostUpdated?.()), this.hasUpdated || (this.hasUpdated = !0, this.firstUpdated(e)), this.updated(e);
	}
	_$EM() {
		this._$AL = /* @__PURE__ */ new Map(), this.isUpdatePending = !1;
	}
	get updateComplete() {
		return this.getUpdateComplete();
	}
	getUpdateComplete() {
		return this._$ES;
	}
	shouldUpdate(e) {
		return !0;
	}
	update(e) {
		this._$Eq &&= this._$Eq.forEach((e) => this._$ET(e, this[e])), this._$EM();
	}
	updated(e) {}
	firstUpdated(e) {}
};
g.elementStyles = [], g.shadowRootOptions = { mode: "open" }, g[h("elementProperties")] = /* @__PURE__ */ new Map(), g[h("finalized")] = /* @__PURE__ */ new Map(), re?.({ ReactiveElement: g }), (m.reactiveElementVersions ??= []).push("2.1.2");
// node_modules/lit-html/lit-html.js
var se = globalThis, ce = (e) => e, _ = se.trustedTypes, le = _ ? _.createPolicy("lit-html", { createHTML: (e) => e }) : void 0, ue = "$lit$", v = `lit$${Math.random().toFixed(9).slice(2)}$`, de = "?" + v, fe = `<${de}>`, y = document, b = () => y.createComment(""), x = (e) => e === null || typeof e != "object" && typeof e != "function", S = Array.isArray, pe = (e) => S(e) || typeof e?.[Symbol.iterator] == "function", me = "[ 	\n\f\r]", C = /<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g, he = /-->/g, ge = />/g, w = RegExp(`>|${me}(?:([^\\s"'>=/]+)(${me}*=${me}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`, "g"), _e = /'/g, ve = /"/g, ye = /^(?:script|style|textarea|title)$/i, be = (e) => (t, ...n) => ({
	_$litType$: e,
	strings: t,
	values: n
}), T = be(1), xe = be(2), E = Symbol.for("lit-noChange"), D = Symbol.for("lit-nothing"), Se = /* @__PURE__ */ new WeakMap(), O = y.createTreeWalker(y, 129);
function Ce(e, t) {
	if (!S(e) || !e.hasOwnProperty("raw")) throw Error("invalid template strings array");
	return le === void 0 ? t : le.createHTML(t);
}
var we = (e, t) => {
	let n = e.length - 1, r = [], i, a = t === 2 ? "<svg>" : t === 3 ? "<math>" : "", o = C;
	for (let t = 0; t < n; t++) {
		let n = e[t], s, c, l = -1, u = 0;
		for (; u < n.length && (o.lastIndex = u, c = o.exec(n), c !== null);) u = o.lastIndex, o === C ? c[1] === "!--" ? o = he : c[1] === void 0 ? c[2] === void 0 ? c[3] !== void 0 && (o = w) : (ye.test(c[2]) && (i = RegExp("</" + c[2], "g")), o = w) : o = ge : o === w ? c[0] === ">" ? (o = i ?? C, l = -1) : c[1] === void 0 ? l = -2 : (l = o.lastIndex - c[2].length, s = c[1], o = c[3] === void 0 ? w : c[3] === "\"" ? ve : _e) : o === ve || o === _e ? o = w : o === he || o === ge ? o = C : (o = w, i = void 0);
		let d = o === w && e[t + 1].startsWith("/>") ? " " : "";
		a += o === C ? n + fe : l >= 0 ? (r.push(s), n.slice(0, l) + ue + n.slice(l) + v + d) : n + v + (l === -2 ? t : d);
	}
	return [Ce(e, a + (e[n] || "<?>") + (t === 2 ? "</svg>" : t === 3 ? "</math>" : "")), r];
}, Te = class e {
	constructor({ strings: t, _$litType$: n }, r) {
		let i;
		this.parts = [];
		let a = 0, o = 0, s = t.length - 1, c = this.parts, [l, u] = we(t, n);
		if (this.el = e.createElement(l, r), O.currentNode = this.el.content, n === 2 || n === 3) {
			let e = this.el.content.firstChild;
			e.replaceWith(...e.childNodes);
		}
		for (; (i = O.nextNode()) !== null && c.length < s;) {
			if (i.nodeType === 1) {
				if (i.hasAttributes()) for (let e of i.getAttributeNames()) if (e.endsWith(ue)) {
					let t = u[o++], n = i.getAttribute(e).split(v), r = /([.?@])?(.*)/.exec(t);
					c.push({
						type: 1,
						index: a,
						name: r[2],
						strings: n,
						ctor: r[1] === "." ? De : r[1] === "?" ? Oe : r[1] === "@" ? ke : j
					}), i.removeAttribute(e);
				} else e.startsWith(v) && (c.push({
					type: 6,
					index: a
				}), i.removeAttribute(e));
				if (ye.test(i.tagName)) {
					let e = i.textContent.split(v), t = e.length - 1;
					if (t > 0) {
						i.textContent = _ ? _.emptyScript : "";
						for (let n = 0; n < t; n++) i.append(e[n], b()), O.nextNode(), c.push({
							type: 2,
							index: ++a
						});
						i.append(e[t], b());
					}
				}
			} else if (i.nodeType === 8) {
				if (i.data === de) c.push({
					type: 2,
					index: a
				});
				else {
					let e = -1;
					for (; (e = i.data.indexOf(v, e + 1)) !== -1;) c.push({
						type: 7,
						index: a
					}), e += v.length - 1;
				}
			}
			a++;
		}
	}
	static createElement(e, t) {
		let n = y.createElement("template");
		return n.innerHTML = e, n;
	}
};
function k(e, t, n = e, r) {
	if (t === E) return t;
	let i = r === void 0 ? n._$Cl : n._$Co?.[r], a = x(t) ? void 0 : t._$litDirective$;
	return i?.constructor !== a && (i?._$AO?.(!1), a === void 0 ? i = void 0 : (i = new a(e), i._$AT(e, n, r)), r === void 0 ? n._$Cl = i : (n._$Co ??= [])[r] = i), i !== void 0 && (t = k(e, i._$AS(e, t.values), i, r)), t;
}
var Ee = class {
	constructor(e, t) {
		this._$AV = [], this._$AN = void 0, this._$AD = e, this._$AM = t;
	}
	get parentNode() {
		return this._$AM.parentNode;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	u(e) {
		let { el: { content: t }, parts: n } = this._$AD, r = (e?.creationScope ?? y).importNode(t, !0);
		O.currentNode = r;
		let i = O.nextNode(), a = 0, o = 0, s = n[0];
		for (; s !== void 0;) {
			if (a === s.index) {
				let t;
				s.type === 2 ? t = new A(i, i.nextSibling, this, e) : s.type === 1 ? t = new s.ctor(i, s.name, s.strings, this, e) : s.type === 6 && (t = new Ae(i, this, e)), this._$AV.push(t), s = n[++o];
			}
			a !== s?.index && (i = O.nextNode(), a++);
		}
		return O.currentNode = y, r;
	}
	p(e) {
		let t = 0;
		for (let n of this._$AV) n !== void 0 && (n.strings === void 0 ? n._$AI(e[t]) : (n._$AI(e, n, t), t += n.strings.length - 2)), t++;
	}
}, A = class e {
	get _$AU() {
		return this._$AM?._$AU ?? this._$Cv;
	}
	constructor(e, t, n, r) {
		this.type = 2, this._$AH = D, this._$AN = void 0, this._$AA = e, this._$AB = t, this._$AM = n, this.options = r, this._$Cv = r?.isConnected ?? !0;
	}
	get parentNode() {
		let e = this._$AA.parentNode, t = this._$AM;
		return t !== void 0 && e?.nodeType === 11 && (e = t.parentNode), e;
	}
	get startNode() {
		return this._$AA;
	}
	get endNode() {
		return this._$AB;
	}
	_$AI(e, t = this) {
		e = k(this, e, t), x(e) ? e === D || e == null || e === "" ? (this._$AH !== D && this._$AR(), this._$AH = D) : e !== this._$AH && e !== E && this._(e) : e._$litType$ === void 0 ? e.nodeType === void 0 ? pe(e) ? this.k(e) : this._(e) : this.T(e) : this.$(e);
	}
	O(e) {
		return this._$AA.parentNode.insertBefore(e, this._$AB);
	}
	T(e) {
		this._$AH !== e && (this._$AR(), this._$AH = this.O(e));
	}
	_(e) {
		this._$AH !== D && x(this._$AH) ? this._$AA.nextSibling.data = e : this.T(y.createTextNode(e)), this._$AH = e;
	}
	$(e) {
		let { values: t, _$litType$: n } = e, r = typeof n == "number" ? this._$AC(e) : (n.el === void 0 && (n.el = Te.createElement(Ce(n.h, n.h[0]), this.options)), n);
		if (this._$AH?._$AD === r) this._$AH.p(t);
		else {
			let e = new Ee(r, this), n = e.u(this.options);
			e.p(t), this.T(n), this._$AH = e;
		}
	}
	_$AC(e) {
		let t = Se.get(e.strings);
		return t === void 0 && Se.set(e.strings, t = new Te(e)), t;
	}
	k(t) {
		S(this._$AH) || (this._$AH = [], this._$AR());
		let n = this._$AH, r, i = 0;
		for (let a of t) i === n.length ? n.push(r = new e(this.O(b()), this.O(b()), this, this.options)) : r = n[i], r._$AI(a), i++;
		i < n.length && (this._$AR(r && r._$AB.nextSibling, i), n.length = i);
	}
	_$AR(e = this._$AA.nextSibling, t) {
		for (this._$AP?.(!1, !0, t); e !== this._$AB;) {
			let t = ce(e).nextSibling;
			ce(e).remove(), e = t;
		}
	}
	setConnected(e) {
		this._$AM === void 0 && (this._$Cv = e, this._$AP?.(e));
	}
}, j = class {
	get tagName() {
		return this.element.tagName;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	constructor(e, t, n, r, i) {
		this.type = 1, this._$AH = D, this._$AN = void 0, this.element = e, this.name = t, this._$AM = r, this.options = i, n.length > 2 || n[0] !== "" || n[1] !== "" ? (this._$AH = Array(n.length - 1).fill(/* @__PURE__ */ new String()), this.strings = n) : this._$AH = D;
	}
	_$AI(e, t = this, n, r) {
		let i = this.strings, a = !1;
		if (i === void 0) e = k(this, e, t, 0), a = !x(e) || e !== this._$AH && e !== E, a && (this._$AH = e);
		else {
			let r = e, o, s;
			for (e = i[0], o = 0; o < i.length - 1; o++) s = k(this, r[n + o], t, o), s === E && (s = this._$AH[o]), a ||= !x(s) || s !== this._$AH[o], s === D ? e = D : e !== D && (e += (s ?? "") + i[o + 1]), this._$AH[o] = s;
		}
		a && !r && this.j(e);
	}
	j(e) {
		e === D ? this.element.removeAttribute(this.name) : this.element.setAttribute(this.name, e ?? "");
	}
}, De = class extends j {
	constructor() {
		super(...arguments), this.type = 3;
	}
	j(e) {
		this.element[this.name] = e === D ? void 0 : e;
	}
}, Oe = class extends j {
	constructor() {
		super(...arguments), this.type = 4;
	}
	j(e) {
		this.element.toggleAttribute(this.name, !!e && e !== D);
	}
}, ke = class extends j {
	constructor(e, t, n, r, i) {
		super(e, t, n, r, i), this.type = 5;
	}
	_$AI(e, t = this) {
		if ((e = k(this, e, t, 0) ?? D) === E) return;
		let n = this._$AH, r = e === D && n !== D || e.capture !== n.capture || e.once !== n.once || e.passive !== n.passive, i = e !== D && (n === D || r);
		r && this.element.removeEventListener(this.name, this, n), i && this.element.addEventListener(this.name, this, e), this._$AH = e;
	}
	handleEvent(e) {
		typeof this._$AH == "function" ? this._$AH.call(this.options?.host ?? this.element, e) : this._$AH.handleEvent(e);
	}
}, Ae = class {
	constructor(e, t, n) {
		this.element = e, this.type = 6, this._$AN = void 0, this._$AM = t, this.options = n;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	_$AI(e) {
		k(this, e);
	}
}, je = se.litHtmlPolyfillSupport;
je?.(Te, A), (se.litHtmlVersions ??= []).push("3.3.3");
var Me = (e, t, n) => {
	let r = n?.renderBefore ?? t, i = r._$litPart$;
	if (i === void 0) {
		let e = n?.renderBefore ?? null;
		r._$litPart$ = i = new A(t.insertBefore(b(), e), e, void 0, n ?? {});
	}
	return i._$AI(e), i;
}, Ne = globalThis, M = class extends g {
	constructor() {
		super(...arguments), this.renderOptions = { host: this }, this._$Do = void 0;
	}
	createRenderRoot() {
		let e = super.createRenderRoot();
		return this.renderOptions.renderBefore ??= e.firstChild, e;
	}
	update(e) {
		let t = this.render();
		this.hasUpdated || (this.renderOptions.isConnected = this.isConnected), super.update(e), this._$Do = Me(t, this.renderRoot, this.renderOptions);
	}
	connectedCallback() {
		super.connectedCallback(), this._$Do?.setConnected(!0);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this._$Do?.setConnected(!1);
	}
	render() {
		return E;
	}
};
M._$litElement$ = !0, M.finalized = !0, Ne.litElementHydrateSupport?.({ LitElement: M });
var Pe = Ne.litElementPolyfillSupport;
Pe?.({ LitElement: M }), (Ne.litElementVersions ??= []).push("4.2.2");
// src/maps/decode.ts
function Fe(e) {
	let t = Uint8Array.fromBase64;
	if (t) return t.call(Uint8Array, e);
	let n = atob(e), r = new Uint8Array(n.length);
	for (let e = 0; e < n.length; e++) r[e] = n.charCodeAt(e);
	return r;
}
function Ie(e) {
	let t = new DataView(e.buffer, e.byteOffset, e.byteLength), n = new Float32Array(e.length / 4);
	for (let e = 0; e < n.length; e++) n[e] = t.getFloat32(4 * e, !0);
	return n;
}
// src/maps/scale.ts
var Le = [
	"all",
	"positive",
	"negative",
	"absolute"
];
function Re(e, t) {
	return t === "positive" ? Math.max(e, 0) : t === "negative" ? Math.max(-e, 0) : t === "absolute" ? Math.abs(e) : e;
}
var ze = (e, t, n) => n ? Math.min(Math.max(Re(e, t) / n, -1), 1) : 0, Be = (e, t) => 3 * Math.round(t === "all" ? 128 + 127 * e : 255 * e), Ve = 15, N = 2 ** 16, He = class {
	constructor(e, t) {
		this.starts = new Uint32Array(N + 1), this.sums = new Float64Array(N), this.sorted = /* @__PURE__ */ new Set(), this.known = /* @__PURE__ */ new Map();
		let n = new Float32Array(e.length), { starts: r, sums: i } = this, a = new Uint32Array(n.buffer), o = 0, s = 0;
		for (let c = 0; c < e.length; c++) {
			let l = Math.abs(Re(e[c], t));
			if (l !== l) continue;
			n[o] = l;
			let u = a[o++] >>> Ve;
			i[u] += l, r[u + 1]++, l > s && (s = l);
		}
		for (let e = 0; e < N; e++) r[e + 1] += r[e];
		let c = r.slice(1);
		this.grouped = new Float32Array(o);
		for (let e = 0; e < o; e++) this.grouped[--c[a[e] >>> Ve]] = n[e];
		this.peak = s, this.total = i.reduce((e, t) => e + t, 0);
	}
	limits(e) {
		return this.known.has(e) || this.known.set(e, this.found(e)), this.known.get(e);
	}
	found(e) {
		if (!this.total) return {
			limit: 0,
			peak: 0
		};
		let { sums: t } = this, n = this.total * .01 * (100 - e), r = 0, i = 0;
		for (; r < N - 1 && i + t[r] < n;) i += t[r++];
		let a = this.grouped.subarray(this.starts[r], this.starts[r + 1]);
		this.sorted.has(r) || a.sort(), this.sorted.add(r);
		let o = 0;
		for (; o < a.length - 1 && (i += a[o]) < n;) o++;
		return {
			limit: a[o] ?? this.peak,
			peak: this.peak
		};
	}
};
function Ue(e) {
	let t = 0;
	for (let n = 0; n < e.length; n++) Math.abs(e[n]) > t && (t = Math.abs(e[n]));
	return t;
}
function P(e) {
	if (e === 0) return "0";
	let t = Math.abs(e);
	return (t >= 1e5 || t < .001 ? e.toExponential(2) : String(+e.toPrecision(3))).replace("-", "−");
}
// src/maps/place.ts
function We(e, t, n) {
	let r = t ? e.columns : e.rows, i = e.input[t], a = e.scale[t] * n + e.offset[t];
	if (a < 0 || a > i) return null;
	let o = Math.min(Math.max(a * r / i - .5, 0), r - 1), s = Math.floor(o);
	return {
		low: s,
		high: Math.min(s + 1, r - 1),
		share: Math.fround(o - s)
	};
}
function F(e, t, n) {
	let r = t ? e.columns : e.rows, i = (e.scale[t] * n + e.offset[t]) * r / e.input[t];
	if (i < 0 || i > r) return null;
	let a = Math.min(Math.floor(i), r - 1);
	return {
		low: a,
		high: a,
		share: 0
	};
}
var Ge = (e, t, n) => Math.fround(e + Math.fround(Math.fround(t - e) * n.share));
function Ke(e, t) {
	let { values: n, columns: r } = e, i = t.low * r, a = t.high * r, o = new Float32Array(r);
	for (let e = 0; e < r; e++) o[e] = Ge(n[i + e], n[a + e], t);
	return o;
}
function qe(e, t, n) {
	if (!t || !n) return NaN;
	let r = Ke(e, t);
	return Ge(r[n.low], r[n.high], n);
}
// src/maps/field.ts
var I = class {
	constructor(e) {
		this.map = e;
	}
	get peak() {
		return this.most ??= Ue(this.map.values);
	}
	over(e, t, n, r) {
		let { map: i } = this, a = r ? F : We, o = new Float32Array(t * n).fill(NaN), s = Array.from({ length: t }, (n, r) => a(i, 1, e.left + (r + .5) * e.width / t)), c = s.findIndex(Boolean), l = s.findLastIndex(Boolean);
		if (c < 0) return o;
		let u = Int32Array.from(s, (e) => e?.low ?? 0), d = Int32Array.from(s, (e) => e?.high ?? 0), f = Float32Array.from(s, (e) => e?.share ?? 0);
		for (let r = 0; r < n; r++) {
			let s = a(i, 0, e.top + (r + .5) * e.height / n);
			if (!s) continue;
			let p = Ke(i, s);
			for (let e = c, n = r * t + c; e <= l; e++, n++) {
				let t = p[u[e]], r = p[d[e]];
				o[n] = t + (r - t) * f[e];
			}
		}
		return o;
	}
	at(e, t) {
		return qe(this.map, We(this.map, 0, t + .5), We(this.map, 1, e + .5));
	}
	cell(e, t) {
		let n = F(this.map, 0, t + .5), r = F(this.map, 1, e + .5);
		return n && r ? [n.low, r.low] : null;
	}
}, Je = class {
	constructor(e, t) {
		this.of = e, this.by = t;
	}
	over(e, t, n, r) {
		let i = this.of.map((i) => i.over(e, t, n, r));
		return Float32Array.from({ length: t * n }, (e, t) => this.by(i.map((e) => e[t])));
	}
	at(e, t) {
		return this.by(this.of.map((n) => n.at(e, t)));
	}
}, Ye = {
	en: {
		about_method: "About {name}",
		add_text: "Add a text, such as \"a dog\"",
		again: "Again",
		agreement: "Agreement",
		agreement_of: "of {count} maps",
		agreement_units: "maps that have the pixel in their strongest fifth",
		area: "area {area}",
		as_before: "Reset",
		as_published: "as its paper shows it",
		automatic: "automatic",
		brush_clear: "Clear",
		brush_hint: "Brush over the photo to hide it; with Shift it comes back.",
		brush_keys: "Arrow keys move the brush, space uses it.",
		brush_size: "Size",
		by_chance: "by chance {area}",
		cancel: "Cancel",
		cancelled: "cancelled",
		card_answers: "What it answers",
		card_cost: "Cost",
		card_misleads: "When it misleads",
		card_paper: "Paper",
		card_use: "When to use it",
		choose_photos: "Choose photos",
		clipping: "Clipping",
		close: "Close",
		color_map: "Colour map",
		combine: "Together",
		combine_none: "each by itself",
		contour: "Contours",
		copied: "copied",
		copy_command: "Copy as command",
		copy_link: "Copy link",
		copy_python: "Copy as Python",
		covered: "{share} % of what it sees is hidden",
		curves_hint: "The class's probability while the hottest pixels are hidden (deletion, lower is better) or shown (insertion, higher is better). Dashed: the same map moved by chance.",
		deletion: "Deletion",
		difference: "Difference",
		difference_of_first_two: "difference of the first two",
		draw_curves: "Draw deletion and insertion curves",
		drawing_curves: "drawing the curves …",
		drop_hint: "Drop, paste or choose photos. They stay on this machine.",
		drop_photo: "Drop a photo here",
		explain_with_these: "Explain with these",
		explained_classes: "Explained classes",
		explanations: "Explanations",
		fade_weak: "Fade weak values",
		family_attention: "attention",
		family_cam: "class activation maps",
		family_gradient: "gradients",
		family_perturbation: "perturbation",
		fill_black: "black",
		fill_blur: "blur",
		fill_grey: "grey",
		fill_inpaint: "inpainting",
		filled_with: "Filled with",
		find_class: "Find a class",
		find_method: "Find a method",
		forward_backward: "{forward} forward, {backward} backward",
		heat_map: "Heat map",
		hide_brush: "Brush",
		hide_by: "What is hidden",
		hide_hottest: "Hottest part",
		hide_it: "The rest",
		hides_structure: "{name} (hides structure)",
		hottest_share: "Hottest share",
		hover_hint: "Hover over the picture to read the value of a pixel.",
		how_made: "How it was made",
		in_parts_of_largest: "each in parts of its strongest colour",
		insertion: "Insertion",
		inside_activations: "Feature maps",
		inside_attention: "Attention",
		inside_tree: "Decision tree",
		keep_only_it: "Only it",
		keys_hint: "Arrow keys move pixel by pixel, with Shift by ten.",
		largest: "largest {value}",
		layer: "Layer",
		leave_out: "Leave out",
		likeliest_class: "likeliest class",
		loading: "loading {name}",
		looked_at: "{model} looked at {photo}",
		looking: "looking …",
		methods: "Methods",
		model: "Model",
		more_controls: "More",
		no_call: "there is no such call",
		no_negative_evidence: "no negative evidence",
		no_positive_evidence: "no positive evidence",
		now_says: "What it says now",
		opacity: "Opacity",
		options: "Options",
		or_a_sample: "or start from a sample",
		outside_view: "outside the network's view",
		overlay: "Overlay",
		photo: "Photo",
		photo_gone: "The photo \"{name}\" is no longer kept here: send it again, and all else is as it was chosen",
		pixel_at: "x {x}, y {y}",
		predictions: "Predictions",
		queue: "Work",
		random_weights: "random weights",
		refused: "not offered",
		row_and_column: "row {row}, column {column}",
		samples: "Samples",
		save_report: "Save report",
		score_never_moves: "the score never moves",
		seconds: "{seconds} s",
		see_why: "See why a vision network said what it said",
		server_away: "The server does not answer: is it still running?",
		shared_scale: "One scale a method",
		show: "Show",
		shown_to_network: "What the network is shown",
		side_by_side: "Side by side",
		sign: "Sign",
		sign_absolute: "absolute",
		sign_all: "all",
		sign_negative: "negative",
		sign_positive: "positive",
		so_far: "so far",
		swipe: "Swipe",
		tab_explain: "Explain",
		tab_inside: "Look inside",
		tab_test: "Test by hand",
		take_photo: "Take a photo",
		texture: "Cells",
		texture_blocks: "as blocks",
		texture_smooth: "smooth",
		theme: "Theme",
		theme_dark: "dark",
		theme_light: "light",
		threshold: "Threshold",
		time_left: "{time} left",
		tree_in: "Zoom in",
		tree_out: "Zoom out",
		type_a_text: "Type what you look for, such as \"a dog\", under Predictions: the photo is compared with each text, and each gets its map",
		waiting_behind: "waiting behind {count}",
		what_is_left: "What is left",
		why_label: "Why {label}?",
		works_waiting: "{count} at work",
		zoom: "Zoom",
		zoom_hint: "Double-click, pinch or Ctrl and the wheel zoom."
	},
	zh: {
		about_method: "关于 {name}",
		add_text: "添加文本，例如 \"a dog\"",
		again: "重新计算",
		agreement: "一致性",
		agreement_of: "共 {count} 幅热力图",
		agreement_units: "把该像素列入最强五分之一的热力图数",
		area: "面积 {area}",
		as_before: "复位",
		as_published: "按论文的方式",
		automatic: "自动",
		brush_clear: "清除",
		brush_hint: "在照片上涂抹以遮住；按住 Shift 可恢复。",
		brush_keys: "方向键移动画笔，空格键涂抹。",
		brush_size: "大小",
		by_chance: "随机 {area}",
		cancel: "取消",
		cancelled: "已取消",
		card_answers: "它回答什么",
		card_cost: "计算量",
		card_misleads: "何时会误导",
		card_paper: "论文",
		card_use: "何时使用",
		choose_photos: "选择照片",
		clipping: "截断",
		close: "关闭",
		color_map: "配色",
		combine: "合并",
		combine_none: "各自显示",
		contour: "等值线",
		copied: "已复制",
		copy_command: "复制为命令",
		copy_link: "复制链接",
		copy_python: "复制为 Python",
		covered: "网络所见的 {share}% 被遮住",
		curves_hint: "依次遮住（删除，越低越好）或显示（插入，越高越好）最热像素时该类别的概率。虚线：随机移动后的同一幅热力图。",
		deletion: "删除",
		difference: "差异",
		difference_of_first_two: "前两幅之差",
		draw_curves: "绘制删除与插入曲线",
		drawing_curves: "正在绘制曲线……",
		drop_hint: "可拖放、粘贴或选择照片；照片只保存在本机。",
		drop_photo: "把照片拖到这里",
		explain_with_these: "用这些选项解释",
		explained_classes: "要解释的类别",
		explanations: "解释",
		fade_weak: "淡化弱值",
		family_attention: "注意力",
		family_cam: "类激活图",
		family_gradient: "梯度",
		family_perturbation: "扰动",
		fill_black: "黑色",
		fill_blur: "模糊",
		fill_grey: "灰色",
		fill_inpaint: "修补",
		filled_with: "填充",
		find_class: "查找类别",
		find_method: "查找方法",
		forward_backward: "前向 {forward} 次，反向 {backward} 次",
		heat_map: "热力图",
		hide_brush: "画笔",
		hide_by: "遮住什么",
		hide_hottest: "最热部分",
		hide_it: "其余部分",
		hides_structure: "{name}（会掩盖结构）",
		hottest_share: "最热部分占比",
		hover_hint: "将指针移到图上，即可读取该像素的数值。",
		how_made: "生成方式",
		in_parts_of_largest: "各以自身最强颜色为单位",
		insertion: "插入",
		inside_activations: "特征图",
		inside_attention: "注意力",
		inside_tree: "决策树",
		keep_only_it: "仅此部分",
		keys_hint: "方向键逐像素移动，按住 Shift 每次十个像素。",
		largest: "最大值 {value}",
		layer: "层",
		leave_out: "移除",
		likeliest_class: "最可能的类别",
		loading: "正在加载 {name}",
		looked_at: "{model} 看了 {photo}",
		looking: "正在识别……",
		methods: "方法",
		model: "模型",
		more_controls: "更多",
		no_call: "没有对应的调用",
		no_negative_evidence: "没有负向证据",
		no_positive_evidence: "没有正向证据",
		now_says: "现在的判断",
		opacity: "不透明度",
		options: "选项",
		or_a_sample: "或从示例开始",
		outside_view: "网络视野之外",
		overlay: "叠加图",
		photo: "照片",
		photo_gone: "照片“{name}”已不再保存在这里：请重新发送，其他选择都会保留",
		pixel_at: "x {x}，y {y}",
		predictions: "预测结果",
		queue: "任务",
		random_weights: "随机权重",
		refused: "不可用",
		row_and_column: "第 {row} 行，第 {column} 列",
		samples: "示例",
		save_report: "保存报告",
		score_never_moves: "得分始终不变",
		seconds: "{seconds} 秒",
		see_why: "看清视觉网络为何如此判断",
		server_away: "服务器没有响应：它还在运行吗？",
		shared_scale: "同一方法共用标度",
		show: "显示",
		shown_to_network: "网络看到的图像",
		side_by_side: "并排比较",
		sign: "符号",
		sign_absolute: "绝对值",
		sign_all: "全部",
		sign_negative: "负值",
		sign_positive: "正值",
		so_far: "进行中",
		swipe: "滑动对比",
		tab_explain: "解释",
		tab_inside: "查看内部",
		tab_test: "手动检验",
		take_photo: "拍照",
		texture: "单元",
		texture_blocks: "显示为方块",
		texture_smooth: "平滑",
		theme: "主题",
		theme_dark: "深色",
		theme_light: "浅色",
		threshold: "阈值",
		time_left: "还需 {time}",
		tree_in: "放大",
		tree_out: "缩小",
		type_a_text: "请在“预测结果”下输入您要找的内容，例如 \"a dog\"：照片会与每段文本比较，每段文本都有自己的图",
		waiting_behind: "排在 {count} 项之后",
		what_is_left: "留下什么",
		why_label: "为什么是 {label}？",
		works_waiting: "{count} 项进行中",
		zoom: "缩放",
		zoom_hint: "双击、双指缩放或按住 Ctrl 滚动滚轮可缩放。"
	}
}, L = /* @__PURE__ */ new Set(), R = "en", z = () => R;
function B(e) {
	if (e !== R) {
		R = e;
		for (let e of L) e();
	}
}
function Xe(e) {
	return L.add(e), () => L.delete(e);
}
function V(e, t = {}) {
	return Ze(Ye[R][e], t);
}
var Ze = (e, t) => e.replace(/\{(\w+)\}/g, (e, n) => n in t ? String(t[n]) : e), H = (e) => typeof e == "string" ? e : e[R], U = {
	show: "both",
	opacity: 80,
	colors: "auto",
	sign: "auto",
	clip: 2,
	threshold: 0,
	texture: "smooth",
	contour: !1,
	fade: !0,
	shared: !0,
	beside: !1,
	combine: "none",
	zoom: 1,
	x: .5,
	y: .5,
	swipe: 50
}, Qe = 40;
function W(e, t, n) {
	let r = t / e.zoom, i = n / e.zoom;
	return {
		left: e.x * t - r / 2,
		top: e.y * n - i / 2,
		width: r,
		height: i
	};
}
function G(e, t, n = e.x, r = e.y) {
	let i = Math.min(Math.max(t, 1), 40), a = e.zoom / i;
	return et({
		...e,
		zoom: i,
		x: n + (e.x - n) * a,
		y: r + (e.y - r) * a
	});
}
var $e = (e, t, n) => et({
	...e,
	x: e.x + t,
	y: e.y + n
});
function et(e) {
	let t = .5 / e.zoom, n = (e) => Math.min(Math.max(e, t), 1 - t);
	return {
		...e,
		x: n(e.x),
		y: n(e.y)
	};
}
function tt(e) {
	return Object.keys(U).filter((t) => e[t] !== U[t]).map((t) => `${t}:${encodeURIComponent(String(e[t]))}`).join(",");
}
function nt(e) {
	let t = { ...U };
	for (let n of e.split(",")) {
		let [e, r = ""] = n.split(":").map(decodeURIComponent), i = U[e];
		i !== void 0 && Object.hasOwn(U, e) && (typeof i == "number" ? t[e] = Number.isFinite(+r) ? +r : i : typeof i == "boolean" ? t[e] = r === "true" : (rt[e]?.includes(r) ?? /^\w+$/.test(r)) && (t[e] = r));
	}
	let n = t;
	return G(n, n.zoom);
}
var rt = {
	show: [
		"both",
		"heat",
		"photo",
		"swipe"
	],
	sign: [
		"auto",
		"all",
		"positive",
		"negative",
		"absolute"
	],
	texture: ["smooth", "blocks"],
	combine: [
		"none",
		"difference",
		"agreement"
	]
}, it = 512, at = /* @__PURE__ */ new WeakMap();
function ot(e, t) {
	return at.has(e) || at.set(e, new I({
		...e,
		values: Ie(Fe(e.values))
	})), {
		index: t,
		shown: e,
		field: at.get(e),
		sign: e.sign,
		title: e.method,
		subtitles: [
			H(e.target),
			H(e.also),
			H(e.score)
		].filter(Boolean),
		group: `${e.model}\n${e.method}`,
		units: H(e.units)
	};
}
function st(e, t, n) {
	let r = n.filter((t) => t in e.explanations).map((t) => ot(e.explanations[t], t));
	return t.combine === "difference" && r.length > 1 ? [...r, pt(r[0], r[1], t, e.photo)] : t.combine === "agreement" && r.length > 1 ? [...r, mt(r, t, e.photo)] : r;
}
var K = (e, t) => t.sign === "auto" ? e.sign : t.sign, ct = /* @__PURE__ */ new WeakMap();
function q(e, t, n, r) {
	if (e.full) return {
		limit: e.full,
		peak: e.full
	};
	if (e.shown?.limits && t === e.sign && n === U.clip) return e.shown.limits;
	let i = ct.get(e.field) ?? /* @__PURE__ */ new Map();
	return ct.set(e.field, i), i.has(t) || i.set(t, new He(ft(e.field, r), t)), i.get(t).limits(n);
}
var J = /* @__PURE__ */ new WeakMap();
function lt(e, t) {
	return e.field instanceof I ? e.field.peak : (J.has(e.field) || J.set(e.field, Ue(ft(e.field, t))), J.get(e.field));
}
function ut(e, t, n, r) {
	let i = K(e, n), a = q(e, i, n.clip, r);
	if (!n.shared) return a;
	let o = t.filter((t) => t.group === e.group && K(t, n) === i);
	return {
		peak: a.peak,
		limit: Math.max(a.limit, ...o.map((e) => q(e, i, n.clip, r).limit))
	};
}
var dt = /* @__PURE__ */ new WeakMap();
function ft(e, t) {
	let n = dt.get(e);
	if (n) return n;
	let r = Math.min(1, it / Math.max(t.width, t.height)), [i, a] = [t.width, t.height].map((e) => Math.max(1, Math.round(e * r))), o = e.over({
		left: 0,
		top: 0,
		width: t.width,
		height: t.height
	}, i, a, !1);
	return dt.set(e, o), o;
}
function pt(e, t, n, r) {
	let i = e.group === t.group, [a, o] = [e, t].map((e) => i ? 1 : q(e, "absolute", n.clip, r).limit || 1), s = [e, t].map((e) => i ? e.subtitles[0] : e.title);
	return {
		index: -1,
		sign: "all",
		title: V("difference"),
		subtitles: [`${s[0]} \u2212 ${s[1]}`],
		group: "difference",
		field: new Je([e.field, t.field], ([e, t]) => e / a - t / o),
		units: i ? e.units : V("in_parts_of_largest")
	};
}
function mt(e, t, n) {
	let r = e.map((e) => gt(ft(e.field, n), K(e, t))), i = e.map((e) => K(e, t));
	return {
		index: -1,
		sign: "positive",
		title: V("agreement"),
		subtitles: [V("agreement_of", { count: e.length })],
		group: "agreement",
		units: V("agreement_units"),
		full: e.length,
		field: new Je(e.map((e) => e.field), (e) => e.some(Number.isNaN) ? NaN : e.reduce((e, t, n) => e + Number(ht(t, i[n]) > r[n]), 0))
	};
}
var ht = (e, t) => t === "positive" ? e : t === "negative" ? -e : Math.abs(e);
function gt(e, t) {
	let n = e.filter((e) => e === e).map((e) => ht(e, t)).sort();
	return Math.max(0, n[Math.floor(.8 * n.length)] ?? 0);
}
// ../src/seewhy/render/page.css?raw
var _t = "/* Registered as colours, so that scripts that draw read what light-dark() comes to. */\n@property --paper { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --card { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --ink { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --soft { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --line { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --track { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --accent { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --accent-soft { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n@property --stamp { syntax: \"<color>\"; inherits: true; initial-value: #888; }\n:root {\n  --paper: light-dark(#f6f5f2, #131315); --card: light-dark(#ffffff, #1c1c20); --ink: light-dark(#1c1c21, #ededf0);\n  --soft: light-dark(#66666f, #a0a0ab); --line: light-dark(#e4e2dc, #2e2e35); --track: light-dark(#ecebe6, #2b2b31);\n  --accent: light-dark(#b93a0b, #ff9a62); --accent-soft: light-dark(#fbeee7, #35231a); --stamp: light-dark(#b91c1c, #ff7b72);\n  --shadow: 0 1px 2px light-dark(#0000000d, #0006), 0 8px 24px light-dark(#0000000a, #0000);\n}\nhtml { color-scheme: light dark; }\n* { box-sizing: border-box; }\n[hidden] { display: none !important; }\nbody {\n  margin: 0 auto; max-width: 1360px; padding: 28px clamp(16px, 3vw, 40px) 48px; background: var(--paper); color: var(--ink);\n  font: 15px/1.5 system-ui, -apple-system, \"Segoe UI\", Roboto, \"PingFang SC\", \"Microsoft YaHei\", \"Noto Sans CJK SC\",\n    \"Source Han Sans SC\", \"WenQuanYi Micro Hei\", sans-serif;\n  -webkit-text-size-adjust: 100%;\n}\nheader { position: relative; margin-bottom: 22px; }\n.brand { margin: 0 0 6px; font-size: 13px; font-weight: 600; letter-spacing: .04em; color: var(--accent); }\nh1 { margin: 0; font-size: clamp(22px, 3.2vw, 32px); line-height: 1.2; font-weight: 650; letter-spacing: -.015em; overflow-wrap: anywhere; }\n.lead { margin: 6px 0 0; color: var(--soft); overflow-wrap: anywhere; }\n.stamp {\n  position: absolute; top: 0; right: 0; margin: 0; padding: 5px 12px; border: 2px solid var(--stamp); border-radius: 8px;\n  color: var(--stamp); font-weight: 700; letter-spacing: .05em; text-transform: uppercase;\n}\nmain { display: grid; grid-template-columns: minmax(0, 1fr) 320px; gap: 28px; align-items: start; }\n.bar, aside section, .tile { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }\n.bar { display: flex; flex-wrap: wrap; gap: 14px 22px; align-items: end; padding: 14px 16px; }\n.field { display: grid; gap: 5px; font-size: 12.5px; color: var(--soft); }\n.field output { color: var(--ink); font-variant-numeric: tabular-nums; }\n.slide { flex: 1 1 130px; min-width: 120px; max-width: 240px; }\nfieldset { border: 0; margin: 0; padding: 0; min-width: 0; }\nlegend { padding: 0; margin-bottom: 5px; font-size: 12.5px; color: var(--soft); }\n.segments { display: flex; }\n.segments legend { float: none; }\n.segments label { position: relative; }\n.segments span { display: block; padding: 5px 13px; border: 1px solid var(--line); margin-left: -1px; cursor: pointer; white-space: nowrap; }\n.segments label:first-of-type span { border-radius: 9px 0 0 9px; margin-left: 0; }\n.segments label:last-of-type span { border-radius: 0 9px 9px 0; }\n.segments input { position: absolute; opacity: 0; inset: 0; margin: 0; cursor: pointer; }\n.segments input:checked + span { background: var(--accent-soft); border-color: var(--accent); color: var(--accent); font-weight: 600; position: relative; }\nselect, input[type=\"range\"] { font: inherit; color: var(--ink); height: 34px; margin: 0; }\nselect { padding: 0 8px; border: 1px solid var(--line); border-radius: 9px; background: var(--card); max-width: 190px; }\ninput[type=\"range\"], input[type=\"checkbox\"] { accent-color: var(--accent); width: auto; }\nbutton.small {\n  font: inherit; font-size: 13.5px; height: 34px; padding: 0 12px; color: var(--ink); background: var(--card); cursor: pointer;\n  border: 1px solid var(--line); border-radius: 9px;\n}\nbutton.small:hover:enabled { border-color: var(--accent); }\nbutton.small:disabled { opacity: .5; cursor: default; }\n.check { display: flex; align-items: center; gap: 7px; height: 34px; cursor: pointer; }\n.check input { width: 16px; height: 16px; margin: 0; }\n:focus-visible, .segments input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px; }\n.chips { display: flex; gap: 8px; overflow-x: auto; margin: 16px -4px; padding: 4px; scrollbar-width: thin; }\n.chips button {\n  flex: none; font: inherit; font-size: 13.5px; line-height: 1.3; text-align: left; color: var(--ink); background: var(--card); cursor: pointer;\n  border: 1px solid var(--line); border-radius: 11px; padding: 7px 13px 7px 8px; display: flex; align-items: center; gap: 10px;\n}\n.chips canvas { width: 38px; height: 38px; border-radius: 6px; background: var(--track); object-fit: cover; }\n.chips small { display: block; color: var(--soft); font-size: 12px; max-width: 170px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }\n.chips button[aria-pressed=\"true\"] { border-color: var(--accent); background: var(--accent-soft); }\n.stage { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }\n.stage.beside { grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr)); }\n.tile { margin: 0; padding: 14px; min-width: 0; }\n.tile figcaption { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; margin-bottom: 10px; }\n.tile figcaption b { font-weight: 600; }\n.tile figcaption span { color: var(--soft); font-size: 13.5px; }\n.view {\n  position: relative; margin: 0 auto; width: min(100%, calc(70vh * var(--aspect))); aspect-ratio: var(--aspect); border-radius: 8px;\n  overflow: hidden; cursor: crosshair; background: var(--track); touch-action: pan-y pinch-zoom;\n}\n.view img, .view canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }\n.view canvas { pointer-events: none; }\n.view .pale { filter: grayscale(1) contrast(.4) brightness(1.45); }\n.frame { position: absolute; pointer-events: none; outline: 1px dashed #fffc; box-shadow: 0 0 0 1px #0007; }\n.cross { position: absolute; width: 15px; height: 15px; margin: -8px 0 0 -8px; border: 2px solid #fff; border-radius: 50%; box-shadow: 0 0 0 1.5px #000a; pointer-events: none; }\n.blank { position: absolute; inset: auto 0 0 0; margin: auto auto 14px; width: fit-content; max-width: 90%; padding: 6px 14px; border-radius: 99px; background: #000c; color: #fff; font-size: 14px; pointer-events: none; }\n.scale { margin: 14px auto 0; max-width: 560px; }\n.scale .strip { position: relative; }\n.scale canvas { display: block; width: 100%; height: 12px; border-radius: 3px; }\n.scale i { position: absolute; top: -3px; width: 3px; height: 18px; margin-left: -1.5px; background: var(--ink); border: 1px solid var(--card); border-radius: 2px; }\n.ticks { display: flex; justify-content: space-between; font-size: 12px; margin-top: 4px; font-variant-numeric: tabular-nums; }\n.units { margin: 2px 0 0; color: var(--soft); font-size: 12px; text-align: center; }\n.readout { display: flex; justify-content: center; gap: 6px 18px; flex-wrap: wrap; margin: 10px 0 0; min-height: 1.6em; font-variant-numeric: tabular-nums; }\n.readout b { font-weight: 650; min-width: 6.5em; text-align: right; }\n.readout span { color: var(--soft); min-width: 8.5em; }\n.words { display: flex; flex-wrap: wrap; gap: 7px 6px; align-items: start; margin: 14px 0 0; }\n.words > span { flex-basis: 100%; color: var(--soft); font-size: 12.5px; }\n.words b { padding: 3px 9px 4px; border-radius: 7px; font-weight: 500; line-height: 1.25; text-align: center; overflow-wrap: anywhere; }\n.words small { display: block; font-size: 10.5px; font-variant-numeric: tabular-nums; opacity: .8; }\n.predictions em { margin-left: auto; color: var(--soft); font-style: normal; font-weight: 400; }\n.beside .units, .beside .tile figcaption span:last-child { display: none; }\n.beside .tile figcaption { flex-wrap: nowrap; white-space: nowrap; }\n.beside .tile figcaption span { overflow: hidden; text-overflow: ellipsis; }\n.beside .tile.current { border-color: var(--accent); }\n.hint, .still-lead { color: var(--soft); font-size: 13px; margin: 14px 2px 0; }\n.still { width: 100%; height: auto; margin-top: 16px; border-radius: 12px; background: #fff; }\naside { display: grid; gap: 16px; }\naside section { padding: 16px 18px; }\nh2 { margin: 0 0 12px; font-size: 13px; font-weight: 600; color: var(--soft); }\n.predictions { list-style: none; margin: 0; padding: 0; display: grid; gap: 11px; }\n.predictions div { display: flex; justify-content: space-between; gap: 12px; }\n.predictions div span:last-child { font-variant-numeric: tabular-nums; white-space: nowrap; }\n.predictions p { margin: 4px 0 0; height: 6px; border-radius: 3px; background: var(--track); overflow: hidden; }\n.predictions p i { display: block; height: 100%; border-radius: 3px; background: var(--soft); }\n.predictions .explained { color: var(--accent); font-weight: 600; }\n.predictions .explained i { background: var(--accent); }\ndl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 7px 16px; margin: 0; font-size: 13.5px; }\ndt { color: var(--soft); }\ndd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }\n.notes { margin: 12px 0 0; padding: 12px 0 0 18px; border-top: 1px solid var(--line); font-size: 13.5px; }\n@media (max-width: 960px) { main { grid-template-columns: minmax(0, 1fr); gap: 20px; } }\n@media (max-width: 560px) {\n  body { padding: 18px 12px 36px; }\n  .stamp { position: static; display: inline-block; margin-top: 10px; }\n  .bar { gap: 12px 16px; padding: 12px; }\n  .segments { width: 100%; flex-wrap: wrap; }\n  .segments legend { width: 100%; }\n  .segments label { flex: 1; text-align: center; }\n  .slide { flex-basis: 100%; max-width: none; }\n  .field:not(.slide) { flex: 1 1 40%; min-width: 0; }\n  select { max-width: none; width: 100%; height: 40px; }\n  .check { height: 28px; }\n  .tile { padding: 10px; }\n}\n@media print { .bar, .chips, .hint { display: none; } body { background: #fff; } * { print-color-adjust: exact; } }\n", Y = o`${a(_t.replace(/@property[^}]*}\s*/g, "").replaceAll(":root", ":host"))}`, X = class extends M {
	connectedCallback() {
		super.connectedCallback(), this.quiet = Xe(() => this.requestUpdate());
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this.quiet?.();
	}
	tell(e, t = null) {
		this.dispatchEvent(new CustomEvent(e, {
			detail: t,
			bubbles: !0,
			composed: !0
		}));
	}
}, vt = {
	ATTRIBUTE: 1,
	CHILD: 2,
	PROPERTY: 3,
	BOOLEAN_ATTRIBUTE: 4,
	EVENT: 5,
	ELEMENT: 6
}, yt = (e) => (...t) => ({
	_$litDirective$: e,
	values: t
}), bt = class {
	constructor(e) {}
	get _$AU() {
		return this._$AM._$AU;
	}
	_$AT(e, t, n) {
		this._$Ct = e, this._$AM = t, this._$Ci = n;
	}
	_$AS(e, t) {
		return this.update(e, t);
	}
	update(e, t) {
		return this.render(...t);
	}
}, Z = yt(class extends bt {
	constructor(e) {
		if (super(e), this.before = {}, e.type !== vt.ELEMENT) throw Error("styled() stands in an element's tag");
	}
	render(e) {
		return E;
	}
	update(e, [t]) {
		let { style: n } = e.element;
		for (let e in this.before) e in t || n.removeProperty(e);
		for (let [e, r] of Object.entries(t)) this.before[e] !== r && n.setProperty(e, r);
		return this.before = { ...t }, E;
	}
}), xt = class extends X {
	static {
		this.properties = {
			shown: { attribute: !1 },
			predictions: { type: Boolean }
		};
	}
	static {
		this.styles = [Y, o`:host { display: grid; gap: 16px; } section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: 16px 18px; }`];
	}
	constructor() {
		super(), this.predictions = !0;
	}
	render() {
		let { shown: e } = this;
		return T`${this.predictions ? T`<section><h2>${V("predictions")}</h2>${St(e.predictions, e.explained)}</section>` : D}
      <section><h2>${V("how_made")}</h2><dl data-testid="details">${e.details.map(([e, t]) => T`<dt>${H(e)}</dt><dd>${H(t)}</dd>`)}</dl>
        <ul class="notes" data-testid="notes" ?hidden=${!e.notes.length}>${e.notes.map((e) => T`<li>${H(e)}</li>`)}</ul></section>`;
	}
};
function St(e, t) {
	return T`<ol class="predictions" data-testid="predictions">${e.map((e) => {
		let n = e.probability;
		return T`<li class=${e.index === t ? "explained" : ""}><div><span>${H(e.label)}</span>
      ${e.similarity === void 0 ? D : T`<em>${e.similarity.toFixed(3)}</em>`}
      <span>${Ct(e)}</span></div>
      ${n === void 0 ? D : T`<p><i ${Z({ width: `${100 * n}%` })}></i></p>`}</li>`;
	})}</ol>`;
}
var Ct = (e) => e.probability === void 0 ? String(+(e.score ?? 0).toPrecision(4)) : `${(100 * e.probability).toFixed(1)} %`;
customElements.define("seewhy-about", xt);
// src/elements/bar.ts
var wt = [
	["both", () => V("overlay")],
	["heat", () => V("heat_map")],
	["photo", () => V("photo")],
	["swipe", () => V("swipe")]
], Tt = {
	all: () => V("sign_all"),
	positive: () => V("sign_positive"),
	negative: () => V("sign_negative"),
	absolute: () => V("sign_absolute")
}, Et = () => z() === "en" ? "zh" : "en", Dt = class extends X {
	static {
		this.properties = {
			view: { attribute: !1 },
			tables: { attribute: !1 },
			count: { type: Number },
			language: { type: Boolean },
			more: { state: !0 }
		};
	}
	static {
		this.styles = [Y, o`
    :host { display: block; }
    details { flex-basis: 100%; }
    summary { cursor: pointer; color: var(--soft); font-size: 13px; width: fit-content; padding: 4px 0; }
    details .row { display: flex; flex-wrap: wrap; gap: 14px 22px; align-items: end; padding-top: 10px; }
    .zoom { display: flex; gap: 4px; align-items: center; }
    .zoom button { width: 34px; padding: 0; }
    .zoom output { min-width: 3.4em; text-align: center; font-variant-numeric: tabular-nums; font-size: 13px; color: var(--soft); }
  `];
	}
	constructor() {
		super(), this.more = !1;
	}
	render() {
		let { view: e, count: t } = this, n = e.show === "both" || e.show === "swipe";
		return T`<form class="bar" data-testid="controls" @input=${this.change} @submit=${(e) => e.preventDefault()}>
      <fieldset class="segments" data-testid="view"><legend>${V("show")}</legend>${wt.map(([t, n]) => T`
        <label><input type="radio" name="show" value=${t} .checked=${e.show === t}><span>${n()}</span></label>`)}
      </fieldset>
      ${this.slide("opacity", V("opacity"), 0, 100, 1, !n)}
      <label class="field"><span>${V("color_map")}</span><select name="colors" data-testid="colors">
        ${this.choice("auto", V("automatic"), e.colors)}${Object.keys(this.tables).map((t) => this.choice(t, t === "jet" ? V("hides_structure", { name: t }) : t, e.colors))}</select></label>
      <label class="field"><span>${V("sign")}</span><select name="sign" data-testid="sign">
        ${this.choice("auto", V("as_published"), e.sign)}${Le.map((t) => this.choice(t, Tt[t](), e.sign))}</select></label>
      ${t > 1 ? T`${this.check("beside", V("side_by_side"))}
        <label class="field"><span>${V("combine")}</span><select name="combine" data-testid="combine">
          ${this.choice("none", V("combine_none"), e.combine)}${this.choice("difference", V("difference_of_first_two"), e.combine)}
          ${this.choice("agreement", V("agreement"), e.combine)}</select></label>` : D}
      <details data-testid="more" @toggle=${this.unfold}><summary>${V("more_controls")}</summary>${this.more ? this.rest() : D}</details>
    </form>`;
	}
	rest() {
		let { view: e, count: t } = this, n = e.show === "both" || e.show === "swipe";
		return T`<div class="row">
        ${this.slide("threshold", V("threshold"), 0, 95, 1, e.show === "photo")}
        ${this.slide("clip", V("clipping"), 0, 20, .5, e.show === "photo")}
        <label class="field"><span>${V("texture")}</span><select name="texture" data-testid="texture">
          ${this.choice("smooth", V("texture_smooth"), e.texture)}${this.choice("blocks", V("texture_blocks"), e.texture)}</select></label>
        ${this.check("contour", V("contour"))}
        ${this.check("fade", V("fade_weak"), !n)}
        ${t > 1 ? this.check("shared", V("shared_scale")) : D}
        <div class="field"><span id="zoom">${V("zoom")}</span><div class="zoom" role="group" aria-labelledby="zoom">
          <button type="button" class="small" aria-label=${V("tree_out")} @click=${() => this.zoom(e.zoom / 1.5)}>−</button>
          <output data-testid="zoom">${Math.round(100 * e.zoom)} %</output>
          <button type="button" class="small" aria-label=${V("tree_in")} data-testid="zoom-in" @click=${() => this.zoom(e.zoom * 1.5)}>+</button></div></div>
        <button type="button" class="small" data-testid="plain" @click=${() => this.tell("look", {
			...U,
			beside: e.beside
		})}>${V("as_before")}</button>
        ${this.language ? T`<button type="button" class="small" data-testid="language" lang=${Et()} @click=${() => B(Et())}>${Et() === "zh" ? "中文" : "English"}</button>` : D}
      </div>`;
	}
	unfold(e) {
		this.more ||= e.target.open;
	}
	slide(e, t, n, r, i, a) {
		return T`<label class="field slide"><span>${t} <output data-testid="${e}-value">${this.view[e]} %</output></span>
      <input type="range" name=${e} min=${n} max=${r} step=${i} .value=${String(this.view[e])} ?disabled=${a} data-testid=${e}></label>`;
	}
	check(e, t, n = !1) {
		return T`<label class="check"><input type="checkbox" name=${e} .checked=${this.view[e]} ?disabled=${n} data-testid=${e}><span>${t}</span></label>`;
	}
	choice(e, t, n) {
		return T`<option value=${e} ?selected=${e === n}>${t}</option>`;
	}
	change(e) {
		let t = e.target, n = t.name, r = t.type === "checkbox" ? t.checked : t.type === "range" ? t.valueAsNumber : t.value;
		this.tell("look", {
			...this.view,
			[n]: r
		});
	}
	zoom(e) {
		this.tell("look", G(this.view, e));
	}
};
customElements.define("seewhy-bar", Dt);
// src/maps/paint.ts
var Q = 8192, Ot = 8191, kt = 2 * Q, At = 0;
function jt(e, t) {
	let n = new Uint16Array(e.length), r = t ? Ot / t : 0;
	for (let t = 0; t < e.length; t++) {
		let i = e[t];
		n[t] = i === i ? Q + Math.round(i * r) : At;
	}
	return n;
}
function Mt(e, t) {
	let { sign: n, limit: r, colors: i, fade: a, threshold: o } = e, s = new Uint32Array(kt);
	if (!r) return s;
	let c = t / Ot, l = /* @__PURE__ */ new Uint8ClampedArray(4), u = new Uint32Array(l.buffer), d = (e) => {
		let t = ze((e - Q) * c, n, r), s = Math.abs(t), d = Be(t, n);
		return s < o ? 0 : (l[0] = i[d], l[1] = i[d + 1], l[2] = i[d + 2], l[3] = a ? 255 * s : 255, u[0]);
	}, f = Math.max(Q - Math.ceil(r / c), 1), p = Math.min(Q + Math.ceil(r / c), 16383);
	s.fill(d(1), 1, f);
	for (let e = f; e <= p; e++) s[e] = d(e);
	return s.fill(d(16383), p + 1), s;
}
var $;
function Nt(e, t) {
	return ($?.width !== e || $.height !== t) && ($ = new ImageData(e, t)), $;
}
function Pt(e, t, n) {
	let r = new Uint32Array(e.data.buffer), i = r.length & -4;
	for (let e = 0; e < i; e += 4) {
		let i = n[t[e]], a = n[t[e + 1]], o = n[t[e + 2]], s = n[t[e + 3]];
		r[e] = i, r[e + 1] = a, r[e + 2] = o, r[e + 3] = s;
	}
	for (let e = i; e < r.length; e++) r[e] = n[t[e]];
}
function Ft(e, t, n, r, i) {
	let a = r / Ot, o = new Uint8Array(kt);
	for (let e = 1; e < kt; e++) {
		let t = Math.abs(ze((e - Q) * a, n.sign, n.limit));
		o[e] = i.filter((e) => t >= e).length;
	}
	let { width: s, height: c } = e, l = new Uint32Array(e.data.buffer);
	for (let e = 0, n = 0; e < c; e++) for (let r = 0; r < s; r++, n++) {
		if (!t[n]) continue;
		let i = o[t[n]], a = (e) => t[e] !== At && o[t[e]] !== i, u = r + 1 < s && a(n + 1), d = e + 1 < c && a(n + s);
		(u || d) && (l[n] = 4294967295, d && e + 2 < c && (l[n + s] = 2952790016), u && r + 2 < s && (l[n + 1] = 2952790016));
	}
}
function It(e, t, n) {
	let r = t === "all", i = new ImageData(256, 1);
	for (let e = 0; e < 256; e++) {
		let a = Be(r ? e / 127.5 - 1 : e / 255, t);
		i.data.set([
			n[a],
			n[a + 1],
			n[a + 2],
			255
		], 4 * e);
	}
	return e.width = 256, e.height = 1, e.getContext("2d").putImageData(i, 0, 0), r ? [
		-1,
		-.5,
		0,
		.5,
		1
	] : [
		0,
		.25,
		.5,
		.75,
		1
	];
}
// src/elements/chips.ts
var Lt = 76, Rt = 100, zt = /* @__PURE__ */ new WeakMap(), Bt = class extends X {
	constructor(...e) {
		super(...e), this.due = 0;
	}
	static {
		this.properties = {
			data: { attribute: !1 },
			view: { attribute: !1 },
			tables: { attribute: !1 },
			chosen: { attribute: !1 }
		};
	}
	static {
		this.styles = [Y, o`:host { display: block; }`];
	}
	render() {
		return T`<div class="chips" role="group" data-testid="chips">${this.data.explanations.map((e, t) => T`
      <button type="button" aria-pressed=${String(this.chosen.includes(t))} data-testid="chip-${t}" @click=${() => this.tell("choose", t)}>
        <canvas></canvas><span>${e.method}<small>${H(e.target)}</small>${H(e.also) ? T`<small>${H(e.also)}</small>` : ""}</span>
      </button>`)}</div>`;
	}
	updated(e) {
		let t = e.get("view");
		(e.has("data") || !t || t.colors !== this.view.colors || t.sign !== this.view.sign || t.clip !== this.view.clip) && (clearTimeout(this.due), this.due = window.setTimeout(() => this.renderRoot.querySelectorAll("canvas").forEach((e, t) => this.draw(e, t)), Rt));
	}
	draw(e, t) {
		let { photo: n } = this.data, r = Lt / Math.min(n.width, n.height), i = ot(this.data.explanations[t], t), a = K(i, this.view), [o, s] = [n.width, n.height].map((e) => Math.max(1, Math.round(e * Math.min(r, 608 / Math.max(n.width, n.height))))), { limit: c } = q(i, a, this.view.clip, n), l = this.tables[this.view.colors] ?? this.tables[a === "all" ? "bluewhitered" : "inferno"], u = lt(i, n), d = Nt(o, s);
		if (!zt.has(i.field)) {
			let e = i.field.over({
				left: 0,
				top: 0,
				width: n.width,
				height: n.height
			}, o, s, !1);
			zt.set(i.field, jt(e, u));
		}
		Pt(d, zt.get(i.field), Mt({
			sign: a,
			limit: c,
			colors: l,
			fade: !1,
			threshold: 0
		}, u)), [e.width, e.height] = [o, s], e.getContext("2d").putImageData(d, 0, 0);
	}
};
customElements.define("seewhy-chips", Bt);
// src/elements/gestures.ts
var Vt = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, -1],
	ArrowDown: [0, 1]
}, Ht = 1.25, Ut = class {
	constructor(e) {
		this.tile = e, this.held = /* @__PURE__ */ new Map();
	}
	listen(e) {
		this.box = e, e.addEventListener("pointerdown", (e) => this.down(e)), e.addEventListener("pointermove", (e) => this.move(e));
		for (let t of ["pointerup", "pointercancel"]) e.addEventListener(t, (e) => this.held.delete(e.pointerId));
		e.addEventListener("wheel", (e) => this.wheel(e), { passive: !1 }), e.addEventListener("dblclick", (e) => this.look(this.tile.view.zoom > 1 ? G(this.tile.view, 1) : this.closer(e, 3))), e.addEventListener("keydown", (e) => this.key(e));
	}
	look(e) {
		this.tile.dispatchEvent(new CustomEvent("look", {
			detail: e,
			bubbles: !0,
			composed: !0
		}));
	}
	part(e) {
		let t = this.box.getBoundingClientRect();
		return [(e.clientX - t.left) / t.width, (e.clientY - t.top) / t.height];
	}
	point(e) {
		let { photo: t, view: n } = this.tile, r = W(n, t.width, t.height), [i, a] = this.part(e);
		this.at(r.left + i * r.width, r.top + a * r.height);
	}
	at(e, t) {
		let { photo: n } = this.tile, r = (e, t) => Math.min(Math.max(Math.floor(e), 0), t - 1), i = [r(e, n.width), r(t, n.height)];
		this.tile.dispatchEvent(new CustomEvent("point", {
			detail: i,
			bubbles: !0,
			composed: !0
		}));
	}
	closer(e, t) {
		let { view: n } = this.tile, [r, i] = this.part(e);
		return G(n, n.zoom * t, n.x + (r - .5) / n.zoom, n.y + (i - .5) / n.zoom);
	}
	down(e) {
		this.held.set(e.pointerId, e), (this.tile.view.zoom > 1 || this.tile.view.show === "swipe") && this.box.setPointerCapture(e.pointerId), this.tile.view.show === "swipe" && this.swipe(e), this.point(e);
	}
	move(e) {
		let t = this.held.get(e.pointerId), n = [...this.held.values()].find((t) => t.pointerId !== e.pointerId);
		t && n ? this.pinch(t, e, n) : t && this.tile.view.show === "swipe" ? this.swipe(e) : t && this.tile.view.zoom > 1 && this.drag(t, e), t && this.held.set(e.pointerId, e), this.point(e);
	}
	drag(e, t) {
		let [n, r] = this.part(e), [i, a] = this.part(t), { view: o } = this.tile;
		this.look($e(o, (n - i) / o.zoom, (r - a) / o.zoom));
	}
	pinch(e, t, n) {
		let r = (e) => Math.hypot(e.clientX - n.clientX, e.clientY - n.clientY) || 1;
		this.look(this.closer(n, r(t) / r(e)));
	}
	swipe(e) {
		let t = Math.min(Math.max(100 * this.part(e)[0], 0), 100);
		this.look({
			...this.tile.view,
			swipe: t
		});
	}
	wheel(e) {
		(e.ctrlKey || e.metaKey) && (e.preventDefault(), this.look(this.closer(e, Math.exp(-e.deltaY / (e.deltaMode ? 10 : 250)))));
	}
	key(e) {
		let { photo: t, view: n, at: r } = this.tile, i = Vt[e.key], [a, o] = r ?? [t.width / 2, t.height / 2], s = {
			"+": n.zoom * Ht,
			"=": n.zoom * Ht,
			"-": n.zoom / Ht,
			0: 1
		}[e.key];
		if (!i && s === void 0) return;
		if (e.preventDefault(), s !== void 0) return this.look(G(n, s, (a + .5) / t.width, (o + .5) / t.height));
		let c = e.shiftKey ? 10 : 1;
		this.at(Math.floor(a) + c * i[0], Math.floor(o) + c * i[1]);
	}
}, Wt = [
	.25,
	.5,
	.75
], Gt = 1e3, Kt = class extends X {
	constructor(...e) {
		super(...e), this.size = {
			w: 0,
			h: 0
		}, this.gestures = new Ut(this);
	}
	static {
		this.properties = {
			layer: { attribute: !1 },
			photo: { attribute: !1 },
			view: { attribute: !1 },
			scale: { attribute: !1 },
			tables: { attribute: !1 },
			at: { attribute: !1 }
		};
	}
	static {
		this.styles = [Y, o`
    :host { display: block; min-width: 0; }
    .tile { height: 100%; }
    .view img { transform-origin: 0 0; }
    .took { margin: 8px 0 0; color: var(--soft); font-size: 12px; text-align: center; font-variant-numeric: tabular-nums; }
    .view.close { touch-action: none; }
    .divider { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: #fff; box-shadow: 0 0 0 1px #0008; pointer-events: none; }
    .busy { position: absolute; top: 8px; left: 8px; padding: 2px 10px; border-radius: 99px; background: #000c; color: #fff; font-size: 12px; }
  `];
	}
	get colors() {
		let e = K(this.layer, this.view) === "all" ? "bluewhitered" : "inferno";
		return this.tables[this.view.colors] ?? this.tables[e];
	}
	connectedCallback() {
		super.connectedCallback(), this.watch = new ResizeObserver(([{ contentRect: { width: e, height: t } }]) => this.fit(e, t)), this.hasUpdated && this.watch.observe(this.renderRoot.querySelector(".view"));
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this.watch?.disconnect();
	}
	firstUpdated() {
		let e = this.renderRoot.querySelector(".view");
		this.watch.observe(e), this.gestures.listen(e);
	}
	now() {
		this.performUpdate();
		let { width: e, height: t } = this.renderRoot.querySelector(".view").getBoundingClientRect();
		this.fit(e, t);
	}
	updated(e) {
		e.size === 1 && e.has("at") || (this.paint(), this.bar());
	}
	render() {
		let { layer: e, photo: t, view: n, scale: r } = this, i = e.index < 0 ? "combined" : e.index, a = K(e, n), o = W(n, t.width, t.height), s = n.show === "heat", c = `scale(${n.zoom}) translate(${-100 * o.left / t.width}%, ${-100 * o.top / t.height}%)`, l = `view${n.zoom > 1 ? " close" : ""}`, u = [e.title, ...e.subtitles.slice(0, 2)].join(", ");
		return T`<figure class="tile" part="tile">
      <figcaption><b>${e.title}</b>${e.subtitles.map((e) => T`<span>${e}</span>`)}</figcaption>
      <div class=${l} tabindex="0" role="application" aria-label="${u}. ${V("keys_hint")}"
        ${Z({ "--aspect": String(t.width / t.height) })} data-testid="view-${i}">
        <img src=${t.src} alt=${t.name} draggable="false"
          class=${n.show === "both" && a === "all" && r.limit ? "pale" : ""}
          ${Z({
			transform: c,
			opacity: s && r.limit ? "0.18" : "1"
		})}>
        <canvas data-testid="heat-${i}" ?hidden=${n.show === "photo"}
          ${Z({
			opacity: s ? "1" : String(n.opacity / 100),
			"clip-path": n.show === "swipe" ? `inset(0 0 0 ${n.swipe}%)` : "none"
		})}></canvas>
        ${e.shown?.frame ? T`<div class="frame" ${Z(this.frame(e.shown.frame))}></div>` : D}
        ${n.show === "swipe" ? T`<div class="divider" ${Z({ left: `${n.swipe}%` })}></div>` : D}
        ${this.cross()}
        <p class="blank" data-testid="blank-${i}" ?hidden=${!!r.limit}>${Jt(a)}</p>
        ${e.shown?.partial ? T`<span class="busy">${V("so_far")}</span>` : D}
      </div>
      <div class="scale" ?hidden=${!r.limit || n.show === "photo"}>
        <div class="strip"><canvas class="bar-colors"></canvas>${this.mark(a)}</div>
        <div class="ticks" data-testid="ticks-${i}">${this.ticks(a)}</div>
        <p class="units">${[e.units, this.clipped()].filter(Boolean).join("; ")}</p>
      </div>
      ${e.shown?.seconds === void 0 ? D : T`<p class="took" data-testid="took-${i}">${qt(e.shown)}</p>`}
      ${this.readout(String(i))}
      ${e.shown?.words ? this.words(e.shown.words, e.index) : D}
    </figure>`;
	}
	frame([e, t, n, r]) {
		let [i, a] = this.percent(e, t), [o, s] = this.percent(n, r);
		return {
			left: `${i}%`,
			top: `${a}%`,
			width: `${o - i}%`,
			height: `${s - a}%`
		};
	}
	percent(e, t) {
		let n = W(this.view, this.photo.width, this.photo.height);
		return [100 * (e - n.left) / n.width, 100 * (t - n.top) / n.height];
	}
	cross() {
		if (!this.at) return D;
		let [e, t] = this.percent(this.at[0] + .5, this.at[1] + .5);
		return [e, t].some((e) => e < 0 || e > 100) ? D : T`<div class="cross" ${Z({
			left: `${e}%`,
			top: `${t}%`
		})}></div>`;
	}
	readout(e) {
		let { at: t, layer: n } = this, r = t ? n.field.at(...t) : NaN, i = t && n.field instanceof I ? n.field.cell(...t) : null, [a, o] = t ?? [0, 0];
		return T`<p class="readout" aria-live="polite">
      <b data-testid="value-${e}" data-raw=${t ? String(r) : D}>${t ? Number.isNaN(r) ? V("outside_view") : P(r) : ""}</b>
      <span data-testid="where-${e}">${t ? V("pixel_at", {
			x: a,
			y: o
		}) : ""}</span>
      ${i ? T`<span class="many">${V("row_and_column", {
			row: i[0],
			column: i[1]
		})}</span>` : D}
    </p>`;
	}
	mark(e) {
		let t = this.at ? this.layer.field.at(...this.at) : NaN, { limit: n } = this.scale;
		if (Number.isNaN(t) || !n) return D;
		let r = Math.min(Math.max((e === "negative" ? -t : e === "absolute" ? Math.abs(t) : t) / n, -1), 1);
		return T`<i ${Z({ left: `${e === "all" ? 50 + 50 * r : 100 * Math.max(r, 0)}%` })}></i>`;
	}
	ticks(e) {
		let t = e === "all" ? [
			-1,
			-.5,
			0,
			.5,
			1
		] : [
			0,
			.25,
			.5,
			.75,
			1
		], n = this.scale.limit;
		return t.map((t) => T`<span>${P(t * (e === "negative" ? -n : n))}</span>`);
	}
	clipped() {
		let { peak: e, limit: t } = this.scale;
		return e > t ? V("largest", { value: P(e) }) : "";
	}
	words({ title: e, listed: t, top: n }, r) {
		let i = this.tables.bluewhitered;
		return T`<p class="words" data-testid="words-${r}"><span>${H(e)}</span>${t.map(([e, t]) => {
			let r = Be(n ? t / n : 0, "all"), [a, o, s] = i.slice(r, r + 3), c = .3 * a + .59 * o + .11 * s < 128 ? "#fff" : "#1c1c21";
			return T`<b data-raw=${t} ${Z({
				background: `rgb(${a} ${o} ${s})`,
				color: c
			})}>${e}<small>${P(t)}</small></b>`;
		})}</p>`;
	}
	bar() {
		let e = this.renderRoot.querySelector(".bar-colors");
		e && this.scale.limit && It(e, K(this.layer, this.view), this.colors);
	}
	fit(e, t) {
		if (!e) return;
		let n = Math.min(window.devicePixelRatio, Gt / Math.max(e, t)), [r, i] = [Math.round(e * n), Math.round(t * n)];
		(r !== this.size.w || i !== this.size.h) && (this.size = {
			w: r,
			h: i
		}, this.paint());
	}
	paint() {
		let { layer: e, photo: t, view: n, scale: r, size: i } = this, { w: a, h: o } = i, s = this.renderRoot.querySelector(".view > canvas");
		if (!s || !a || n.show === "photo") return;
		let c = K(e, n), l = [
			a,
			o,
			n.zoom,
			n.x,
			n.y,
			n.texture
		].join();
		if (this.found?.key !== l || this.found.field !== e.field) {
			let r = W(n, t.width, t.height), i = e.field.over(r, a, o, n.texture === "blocks"), s = Math.max(Ue(i), lt(e, t));
			this.found = {
				key: l,
				field: e.field,
				levels: jt(i, s),
				peak: s,
				drawn: ""
			};
		}
		let u = {
			sign: c,
			limit: r.limit,
			colors: this.colors,
			fade: n.fade && n.show !== "heat",
			threshold: n.threshold / 100
		}, d = [
			c,
			r.limit,
			n.colors,
			u.fade,
			n.threshold,
			n.contour
		].join();
		if (this.found.drawn === d) return;
		this.found.drawn = d, (s.width !== a || s.height !== o) && ([s.width, s.height] = [a, o]);
		let f = Nt(a, o);
		Pt(f, this.found.levels, Mt(u, this.found.peak)), n.contour && Ft(f, this.found.levels, u, this.found.peak, Wt), s.getContext("2d").putImageData(f, 0, 0);
	}
}, qt = ({ seconds: e, passes: t }) => [V("seconds", { seconds: e.toFixed(2) }), t ? V("forward_backward", { ...t }) : ""].filter(Boolean).join(" · "), Jt = (e) => V(e === "positive" ? "no_positive_evidence" : e === "negative" ? "no_negative_evidence" : "score_never_moves");
customElements.define("seewhy-tile", Kt);
// src/elements/viewer.ts
var Yt = class extends X {
	static {
		this.properties = {
			data: { attribute: !1 },
			view: { attribute: !1 },
			at: { attribute: !1 },
			current: { type: Number },
			chosen: { attribute: !1 },
			bare: { type: Boolean },
			columns: { type: Number }
		};
	}
	static {
		this.styles = [Y, o`
    :host { display: block; }
    main { margin: 0; }
    .stage { margin-top: 16px; }
    @media (min-width: 900px) { .stage.beside.grid { grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); } }
    main.bare { grid-template-columns: minmax(0, 1fr); }
    seewhy-tile.current::part(tile) { border-color: var(--accent); }
    @media print {
      seewhy-bar, seewhy-chips { display: none; }
      .stage, .stage.beside { grid-template-columns: 1fr 1fr; }
      seewhy-tile { break-inside: avoid; }
      main { display: block; }
    }
  `];
	}
	constructor() {
		super(), this.tables = {}, this.layers = [], this.whole = () => {
			this.printed = this.view, this.view = {
				...this.view,
				beside: !0
			}, this.performUpdate();
			for (let e of this.renderRoot.querySelectorAll("seewhy-tile")) e.now();
		}, this.restored = () => {
			this.view = this.printed ?? this.view, this.printed = void 0;
		}, Object.assign(this, {
			view: { ...U },
			at: null,
			current: 0,
			chosen: null,
			bare: !1,
			columns: 0
		}), this.addEventListener("look", (e) => this.look(e.detail)), this.addEventListener("point", (e) => this.at = e.detail);
	}
	connectedCallback() {
		super.connectedCallback(), addEventListener("beforeprint", this.whole), addEventListener("afterprint", this.restored);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), removeEventListener("beforeprint", this.whole), removeEventListener("afterprint", this.restored);
	}
	valueAt(e, t, n = this.current) {
		return st(this.data, { ...U }, [n])[0].field.at(e, t);
	}
	get shownOnes() {
		let e = [...this.data.explanations.keys()];
		return this.view.beside ? e.filter((e) => this.chosen?.includes(e) ?? !0) : [this.current];
	}
	willUpdate(e) {
		this.data && (e.has("data") && (this.tables = Object.fromEntries(Object.entries(this.data.tables).map(([e, t]) => [e, Fe(t)])), this.current = Math.min(this.current, Math.max(this.data.explanations.length - 1, 0))), (!e.has("at") || e.size > 1) && (this.layers = st(this.data, this.view, this.shownOnes)));
	}
	updated(e) {
		(e.has("current") || e.has("data")) && this.tell("described", this.data?.explanations[this.current]);
	}
	look(e) {
		e.combine !== "none" && e.combine !== this.view.combine && (e = {
			...e,
			beside: !0
		}), this.view = e;
	}
	choose(e) {
		let t = e.detail, n = this.shownOnes;
		if (!this.view.beside) return void (this.current = t);
		let r = n.includes(t) && n.length > 1;
		this.chosen = r ? n.filter((e) => e !== t) : [...n, t].sort((e, t) => e - t), this.current = r ? this.chosen[0] : t;
	}
	render() {
		let { data: e, view: t, layers: n, tables: r } = this;
		if (!e?.explanations.length) return D;
		let i = n.length > 1;
		return T`<main class=${this.bare ? "bare" : ""} data-testid="app"><section class="work">
      <seewhy-bar .view=${t} .tables=${r} count=${e.explanations.length} ?language=${!this.bare}></seewhy-bar>
      ${e.explanations.length > 1 ? T`<seewhy-chips .data=${e} .view=${t} .tables=${r} .chosen=${this.shownOnes} @choose=${this.choose}></seewhy-chips>` : D}
      <div class="stage ${i ? "beside" : ""} ${i && this.columns ? "grid" : ""}" data-testid="stage" ${Z({ "--columns": String(this.columns) })}>${n.map((a) => T`
        <seewhy-tile class=${a.index === this.current && i ? "current" : ""} data-testid="tile-${a.index < 0 ? "combined" : a.index}"
          .layer=${a} .photo=${e.photo} .view=${t} .scale=${ut(a, n, t, e.photo)} .tables=${r} .at=${this.at}
          @pointerdown=${() => this.hold(a)} @focusin=${() => this.hold(a)}></seewhy-tile>`)}</div>
      <p class="hint">${V("hover_hint")} ${V("keys_hint")} ${V("zoom_hint")}</p></section>
      ${this.bare ? D : T`<aside><seewhy-about .shown=${e.explanations[this.current]}></seewhy-about></aside>`}</main>`;
	}
	hold(e) {
		e.index >= 0 && (this.current = e.index);
	}
};
customElements.define("seewhy-viewer", Yt);
// src/viewer.ts
function Xt(e) {
	let t = JSON.parse(e), n = document.querySelector("seewhy-viewer"), r = (e) => document.querySelector(`[data-testid="${e}"]`);
	B(t.lang);
	let i = t.explanations[0], a = () => {
		document.documentElement.lang = z() === "zh" ? "zh-CN" : "en", r("title").textContent = V("why_label", { label: H(i.label) }), r("lead").textContent = V("looked_at", {
			model: i.model,
			photo: t.photo.name
		}), r("stamp").hidden = !i.random, r("stamp").textContent = V("random_weights");
	};
	n.addEventListener("described", (e) => {
		i = e.detail, a();
	}), Xe(a), n.data = t, n.hidden = !1;
}
function Zt({ model: e, el: t }) {
	let n = document.createElement("seewhy-viewer"), r = () => {
		let t = e.get("data");
		B(t.lang), n.data = t;
	};
	r(), e.on("change:data", r), e.on("change:view", () => n.view = {
		...n.view,
		...e.get("view")
	});
	let i = (t, n) => {
		e.set(t, n), e.save_changes();
	};
	n.addEventListener("point", (e) => i("at", e.detail)), n.addEventListener("look", (e) => i("view", e.detail)), t.append(n);
}
var Qt = { render: Zt }, $t = document.getElementById("data");
$t?.textContent && document.querySelector("seewhy-viewer") && Xt($t.textContent);
export { Qe as CLOSEST, M as LitElement, U as PLAIN, X as Speaking, Yt as Viewer, Ct as amount, tt as asText, o as css, Qt as default, nt as fromText, T as html, z as lang, Xe as listen, $e as moved, D as nothing, St as predictions, H as said, W as seen, Y as shared, _t as sheet, B as speak, Z as styled, xe as svg, V as word, G as zoomed };
