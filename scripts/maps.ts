/** The sources that maps of the package name without their text: data and lists, which no stack trace leads to. */
export const DATA_SOURCES = /models\/records\/|runtime\/kernels\.ts$|rotary\/axialPresets\.ts$|(^|\/)index\.ts$/;
