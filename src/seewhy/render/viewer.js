// A place holder until the viewer's bundle is here.
customElements.define("seewhy-app", class extends HTMLElement { connectedCallback() { this.textContent = "seewhy"; } });
