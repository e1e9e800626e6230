// Elements are built from text only: nothing that a participant wrote is ever parsed as markup.

/** Builds an element; `spec` is "tag" or "tag.class". Strings among the children become text. */
function el(spec, props, ...children) {
	const [tag, className] = spec.split('.');
	const element = document.createElement(tag);
	if (className) element.className = className;
	for (const key in props) {
		if (key in element) element[key] = props[key];
		else element.setAttribute(key, props[key]);
	}
	element.append(...children);
	return element;
}

// For fields whose text should not be sent to a spelling or writing service, and not be in the file from which
// Firefox restores its windows: measured, it has all fields without `autocomplete`, also those of this page.
const privateInput = { autocomplete: 'off', spellcheck: false, writingsuggestions: 'false' };

/**
 * Whether a key belongs to an input method. Safari reports the Enter that ends a composition after the
 * composition, as no part of it, but with the key code that UI Events gives to input methods.
 */
const isComposing = (event) => event.isComposing || event.keyCode === 229;

/**
 * Text with a visible sign in place of each control character and each half of a surrogate pair. Escaped,
 * as JSON needs them, they would make a line longer than the server reads.
 */
const cleanText = (text) => text.replace(/[\0-\x08\v\f\x0e-\x1f]|\p{Cs}/gu, '\ufffd');
