// The module lies beside this file: bundlers that know this form of URL copy it and put in its new address.
export default () => new URL('./authress_login_wasm_bg.wasm', import.meta.url);
