/// How `/studio` looks: light and dark, from 360 pixels up.
enum StudioStyle {
  static let text = """
    :root{--back:#f6f5f1;--card:#fff;--text:#1d1d1b;--soft:#5c5b56;--line:#8b8a83;--main:#1f5fbf;
      --on-main:#fff;--bad:#a3231b}
    @media(prefers-color-scheme:dark){:root{--back:#151516;--card:#202123;--text:#e8e7e3;
      --soft:#aaa9a3;--line:#6f6e69;--main:#8ab4f8;--on-main:#10213d;--bad:#ff9d94}}
    *{box-sizing:border-box}
    [hidden]{display:none!important}
    body{margin:0 auto;max-width:46rem;padding:1rem;background:var(--back);color:var(--text);
      font:1rem/1.5 system-ui,sans-serif}
    header{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;
      gap:0 1rem}
    h1{font-size:1.4rem;margin:.3rem 0}
    .state{margin:0;color:var(--soft)}.state label{display:inline;font-weight:400}
    output#state{color:var(--text);font-weight:600}
    .card{background:var(--card);border:1px solid color-mix(in srgb,var(--line) 45%,transparent);
      border-radius:.6rem;padding:1rem;margin:.8rem 0}
    fieldset{border:0;margin:0;padding:0;min-width:0}
    label{display:block;font-weight:600;font-size:.9rem;margin-bottom:.25rem}
    textarea,select,input,button{font:inherit;color:inherit;max-width:100%}
    textarea,select,input{width:100%;padding:.5rem;background:var(--back);border-radius:.4rem;
      border:1px solid var(--line)}
    textarea{resize:vertical;min-height:4rem}
    .row{display:flex;flex-wrap:wrap;gap:0 .8rem}.row p{flex:1 1 9rem;min-width:0;margin:.7rem 0 0}
    .row .wide{flex-basis:100%}
    .end{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;margin:1rem 0 0}
    button{padding:.55rem 1.1rem;border-radius:.4rem;border:1px solid var(--line);
      background:transparent;cursor:pointer}
    button.main{background:var(--main);border-color:var(--main);color:var(--on-main);
      font-weight:600}
    button:disabled{background:transparent;color:var(--soft);border-color:var(--line);
      cursor:default}
    :is(button,a,input,select,textarea,video):focus-visible{outline:3px solid var(--main);
      outline-offset:2px}
    progress{width:100%;height:.8rem;accent-color:var(--main)}
    .hint{color:var(--soft);font-size:.9rem}p.hint:empty{display:none}
    #error{color:var(--bad);border-color:var(--bad);overflow-wrap:anywhere}
    #run p,#result p{margin:.5rem 0}code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
    video,img{display:block;max-width:100%;height:auto;border-radius:.4rem;background:#000}
    a{color:var(--main)}
    """
}
