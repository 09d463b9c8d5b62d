/** Pages whose fields do not keep what is filled in, or keep it in a way of their own. */
import type { Page } from './site.ts'

interface Form {
  readonly script?: string
  readonly attributes?: string
  readonly buttons?: string
}

const form = (fields: string, { script = '', attributes = 'method=post action=/save', buttons = '' }: Form = {}): string =>
  `<body><form ${attributes}>${fields}${buttons}<button>Go</button></form><p id=later>later</p><script>const $=id=>document.getElementById(id);${script}</script>`

const amount = '<label>Amount <input name=amount id=a value=0></label>'
const nameless = '<label>Amount <input id=total></label>'
const state = '<label>State <select name=st id=s><option value=NY>New York<option value=CA>California</select></label>'
const several = '<label>Parts <select multiple name=m id=m><option>a<option>b<option value=c>C</select></label>'
const agree = (more = '') => `<label><input type=checkbox name=agree id=k ${more}>Agree</label>`
const area = '<label>Amount <textarea name=amount id=a></textarea></label>'
const file = (then = '') => `<label>Receipt <input type=file name=receipt id=f onchange="${then}"></label>`
const parts = 'method=post action=/save enctype=multipart/form-data'
const next = (then: string) => `<button type=button onclick="${then}">Next</button>`

/** Once the pointer is over "later". */
const later = (what: string) => `$('later').onmouseover=()=>{${what}}`
const onSubmit = (what: string) => `document.forms[0].onsubmit=e=>{${what}}`
const sending = (body: string, { before = '', after = '' } = {}) =>
  onSubmit(
    `e.preventDefault();${before};fetch('/save',{method:'POST',headers:{'content-type':'application/json'},body:${body}}).then(()=>{document.body.append('sent')});${after}`
  )
const second = (fields: string) => form(`<h1 id=second>Second</h1>${fields}`)
const encoded =
  (charset: string, text: string): Page =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': `text/html; charset=${charset}` }).end(text)

export const pages: Readonly<Record<string, Page>> = {
  '/plain': form(amount),
  '/back': form(amount, { script: later("$('a').value='0.00'") }),
  '/onsubmit': form(amount, { script: onSubmit("$('a').value='0.00'") }),
  '/disabled': form(`${amount}<input type=hidden name=x value=1>`, { script: onSubmit("$('a').disabled=true") }),
  '/parts': form(amount, { script: onSubmit("$('a').value='0.00'"), attributes: 'method=post action=/save enctype=multipart/form-data' }),
  '/query': form(amount, { script: onSubmit("$('a').value='0.00'"), attributes: 'action=/save' }),
  '/latin': encoded('windows-1252', form(amount, { script: onSubmit("$('a').value='\\u00fc'") })),
  '/encoded': encoded('windows-1252', form(amount)),
  '/revert': form(state, { script: later("$('s').value='NY'") }),
  '/revert-sent': form(state, { script: onSubmit("$('s').value='NY'") }),
  '/several': form(several, { script: later("$('m').options[1].selected=false") }),
  '/untick': form(agree(), { script: later("$('k').checked=false") }),
  '/tick': form(agree('checked'), { script: later("$('k').checked=true") }),
  '/switch': form('<span role=switch aria-checked=false aria-label=Agree tabindex=0 id=k onclick="k.ariaChecked=true">o</span>', {
    script: later("$('k').ariaChecked=false")
  }),
  '/radio': form(
    '<label><input type=radio name=size value=s id=r>Small</label><label><input type=radio name=size value=l id=l>Large</label>',
    { script: later("$('r').checked=true") }
  ),
  '/cut': form('<label>Amount <input name=amount maxlength=3></label>'),
  '/dropped': form(amount, { script: "$('a').oninput=()=>{$('a').value=$('a').value.replace(/[a-z]/g,'')}" }),
  '/area': form(area, { script: later("$('a').value='a'") }),
  '/lines': form(area),
  '/editor': form('<div contenteditable role=textbox id=d aria-label=Note style="min-height:20px"></div>', {
    script: later("$('d').textContent='Draft'")
  }),
  '/day': form('<input type=date name=d id=d aria-label=When>', { script: later("$('d').value='2026-11-01'") }),
  '/redrawn': form(`<div id=w>${amount}</div>`, { script: later("$('w').innerHTML=$('w').innerHTML") }),
  '/framed': '<iframe name=inner src=/back></iframe>',
  '/json': form(amount, { script: sending("JSON.stringify({order:{amount:0,note:'n'}})") }),
  '/number': form(amount, { script: sending("JSON.stringify({amount:Number($('a').value)})") }),
  '/opaque': form(nameless, { script: sending("'v1'", { before: "$('total').value='0.00'" }) }),
  '/emptied': form('<label>Amount <input id=other></label>', {
    script: sending("JSON.stringify({total:$('other').value})", { after: "$('other').value=''" })
  }),
  '/steps': form(amount, { buttons: next(''), script: later("$('a').value='0.00'") }),
  '/first': form(amount, { script: onSubmit("$('a').value='0.00'"), attributes: 'method=post action=/second' }),
  '/carried': form(amount, { attributes: 'method=post action=/second' }),
  '/second': second('<input type=hidden name=amount value=0.00>'),
  '/pages': form(amount, { attributes: 'method=post action=/another' }),
  '/another': second(amount),
  '/money': form(amount, {
    script: "$('a').addEventListener('change',()=>{$('a').value=Number($('a').value).toLocaleString('en',{minimumFractionDigits:2})})"
  }),
  '/upper': form(amount, { script: "$('a').oninput=()=>{$('a').value=$('a').value.toUpperCase()}" }),
  '/suggest': form(`${amount}<ul id=l></ul>`, {
    script:
      "$('a').oninput=()=>{$('l').innerHTML='<li>Bolt Ltd';$('l').firstChild.onmousedown=()=>{$('a').value='Bolt Ltd';$('l').innerHTML=''}}"
  }),
  '/entries': form('<label>Amount <input id=other></label>', {
    buttons: next("window.all=[...(window.all||[]),other.value];setTimeout(()=>{other.value=''},5)"),
    script: sending('JSON.stringify({entries:window.all})')
  }),
  '/whole': form(`${state}${agree()}${several}`),
  '/digest': form('<label>PIN <input type=password name=pin id=a></label>', { script: onSubmit("$('a').value='xyz'") }),
  '/waiting': form(amount, {
    script: onSubmit(
      "e.preventDefault();const x=new XMLHttpRequest();x.open('POST','/save',false);x.setRequestHeader('content-type','application/json');x.send(JSON.stringify({amount:$('a').value}))"
    )
  }),
  '/file': form(`${amount}${file()}`, { attributes: parts }),
  '/file-amount': form(`${amount}${file()}`, { script: onSubmit("$('a').value='0.00'"), attributes: parts }),
  '/file-refused': form(`${amount}${file("this.value=''")}`, { attributes: parts }),
  '/file-late': form(`${amount}${file()}`, { script: later("$('f').value=''"), attributes: parts }),
  '/file-other': form(`${amount}${file()}`, {
    script: onSubmit("const d=new DataTransfer();d.items.add(new File(['HELLO'],'receipt.txt'));$('f').files=d.files"),
    attributes: parts
  }),
  '/file-first': form(file("this.value=''"), { buttons: next("location='/second'") }),
  '/file-named': form(`${amount}${file()}`),
  '/file-emptied': form(`${amount}${file()}`, { script: onSubmit("$('f').value=''"), attributes: parts }),
  '/file-script': form(`${amount}${file()}`, {
    script: onSubmit(
      "e.preventDefault();const d=new FormData(e.target);d.delete('receipt');fetch('/save',{method:'POST',body:d});$('f').value=''"
    )
  }),
  '/file-sent': form(
    file(
      "const d=new FormData();d.append('up',this.files[0]);fetch('/kept',{method:'POST',body:d}).then(()=>{this.value='';document.body.append('kept')})"
    )
  ),
  '/file-text': form(
    `${file("const r=new FileReader();r.onload=()=>{inl.value=r.result;this.value=''};r.readAsDataURL(this.files[0])")}<input type=hidden name=h id=inl>`
  ),
  '/file-formdata': form(`${amount}${file()}`, {
    script: onSubmit(
      "e.preventDefault();const d=new FormData(e.target);e.target.reset();fetch('/save',{method:'POST',body:d}).then(()=>{document.body.append('sent')})"
    )
  }),
  '/typed': form('<label>Amount <input name=amount id=a></label>'),
  '/typed-dropped': form('<label>Amount <input name=amount id=a></label>', {
    script: "$('a').oninput=()=>{$('a').value=$('a').value.replace(/5/g,'')}"
  }),
  '/typed-back': form('<label>Amount <input name=amount id=a></label>', { script: later("$('a').value='0.00'") }),
  '/typed-sent': form('<label>Amount <input name=amount id=a></label>', { script: onSubmit("$('a').value='0.00'") }),
  '/typed-mask': form('<label>Amount <input name=amount id=a></label>', {
    script: "$('a').oninput=()=>{$('a').value=(Number($('a').value.replace(/\\D/g,''))/100).toFixed(2)}"
  }),
  '/typed-number': form('<label>Amount <input type=number step=any name=amount id=a></label>'),
  '/keys': form(state, { script: later("$('s').value='NY'") }),
  '/auto-form': form(state, { script: "$('s').onchange=()=>{$('s').value='NY';document.forms[0].submit()}" }),
  '/auto': form(amount, { script: "$('a').oninput=()=>fetch('/save',{method:'POST',body:JSON.stringify({amount:$('a').value})})" })
}
