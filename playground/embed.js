/**
 * Puts a figure of the playground where this script stands, and gives it the height it needs:
 * <script src="https://…/embed.js" data-figure="alibi" data-heads="8" data-lang="zh"></script>
 * data-figure is the name of a view (none: the sentence), data-theme light or dark, data-background none; any other data-… is a
 * parameter of the view, as in its address.
 */
(() => {
  const script = document.currentScript;
  const { figure = '', title = 'posenc', ...parameters } = script.dataset;
  const frame = document.createElement('iframe');
  const path = figure ? `embed/${encodeURIComponent(figure)}/` : 'embed/';
  const source = new URL(path, script.src);
  for (const [key, value] of Object.entries(parameters)) source.searchParams.set(key, value);
  frame.src = source.href;
  frame.title = title;
  frame.loading = 'lazy';
  frame.style.cssText = 'border:0;width:100%;height:420px';
  script.after(frame);
  addEventListener('message', ({ source: from, origin, data }) => {
    if (from !== frame.contentWindow || origin !== source.origin || data?.posenc !== 'height') return;
    const height = Number(data.height);
    if (height >= 100 && height <= 4000) frame.style.height = `${Math.ceil(height)}px`;
  });
})();
