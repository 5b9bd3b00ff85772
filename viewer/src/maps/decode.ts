// Numbers and colours as they are sent: base64 of bytes.

type Decoding = typeof Uint8Array & { fromBase64?(text: string): Uint8Array<ArrayBuffer> }; // in browsers since 2025

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const quick = (Uint8Array as Decoding).fromBase64;
  if (quick) return quick.call(Uint8Array, text);
  const raw = atob(text), found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

/** Little-endian float32. */
export function floats(raw: Uint8Array<ArrayBuffer>): Float32Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength), found = new Float32Array(raw.length / 4);
  for (let i = 0; i < found.length; i++) found[i] = view.getFloat32(4 * i, true);
  return found;
}
