/** Code that runs inside the page: signs that a list goes on beyond what stands in the document. Nothing here may use a name from outside its function. */

/** `elements`: the table, or the items of the list. Gives the sign that was found, as a person reads it. */
export async function findMore(elements: readonly Element[], count: number): Promise<string | undefined> {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim()
  const [first] = elements
  if (first === undefined) return undefined
  const number = (text: string | undefined) => Number((text ?? '').replace(/\D/g, ''))
  const isShown = (element: Element) => !element.checkVisibility || element.checkVisibility({ visibilityProperty: true })
  const isOff = (element: Element) =>
    element.matches(':disabled, [aria-disabled=true]') ||
    element.closest('[aria-disabled=true], [class*=disabled i], [class*=inactive i]') !== null
  const said = (element: Element) =>
    tidy(element.getAttribute('aria-label')) ||
    tidy(element.textContent) ||
    tidy((element as HTMLInputElement).value) ||
    tidy(element.getAttribute('title'))
  const words =
    /^(next( page| \d+)?|weiter|nächste( seite)?|suivante?|page suivante|siguiente|volgende|pr[óo]xim[ao]|successiv[ao])\s*[»›>→]*$/i
  const mores =
    /^(load|show|view|see) (\d+ )?more\b|^more( results| entries| rows| items)?\s*[»›>→.…]*$|^mehr (laden|anzeigen)|^(afficher|voir) plus/i
  const arrow = /^(»|›|>|→|>>|››)$/
  const isPager = (element: Element) =>
    element.closest('nav, tfoot, [class*=pag i], [id*=pag i], [aria-label*=pag i], [role=navigation]') !== null
  const hasBack = (element: Element) =>
    [...(element.parentElement?.querySelectorAll('*') ?? [])].some(each =>
      /^([«‹<←]*\s*(prev(ious)?|back|first|zurück|précédente?|anterior)|\d+)$/i.test(tidy(each.textContent))
    )
  const leadsOn = (control: Element) => {
    const text = said(control)
    if (mores.test(text) || control.matches('[rel~=next]')) return true
    if (arrow.test(text)) return isPager(control)
    return words.test(text) && (control.tagName === 'A' || isPager(control) || hasBack(control))
  }
  /** A text in a row of data, or in an item, is about that row or item; a row of one cell is none. */
  const isOfRow = (control: Element) =>
    elements.some(element => element.contains(control)) && (control.closest('td')?.colSpan ?? 1) < 2 && control.closest('tfoot') === null
  const byControl = () => {
    const controls = document.querySelectorAll('a, button, input[type=button], input[type=submit], [role=button], [role=link]')
    const found = [...controls]
      .slice(0, 5_000)
      .find(control => leadsOn(control) && isShown(control) && !isOff(control) && !isOfRow(control))
    return found && `the page has "${said(found).slice(0, 40)}"`
  }
  /** `1 2 3`, where this page is the one that is no link. */
  const byNumbers = () => {
    const links = [...document.querySelectorAll('a')]
      .slice(0, 5_000)
      .filter(link => /^\d{1,4}$/.test(tidy(link.textContent)) && isShown(link) && !isOff(link))
    const arounds = links.flatMap(link => ['tr', 'ul, ol', 'nav, p, div, td'].map(each => link.closest(each))).filter(each => each !== null)
    for (const around of new Set(arounds)) {
      // biome-ignore lint/performance/useDomNodeTextContent: what a person reads, with space between cells
      const text = tidy((around as HTMLElement).innerText)
      const linked = links.filter(link => around.contains(link)).map(link => number(tidy(link.textContent)))
      const here = (text.match(/\d+/g) ?? []).map(Number).filter(each => !linked.includes(each))
      const isOnly = /^(\d|\s|[«‹<>›»….|,[\]-]|pages?|seiten?|prev(ious)?|next|first|last|of)*$/i.test(text)
      if (isOnly && here.length === 1 && Math.max(...linked) > (here[0] ?? 0)) return `the page has pages up to ${Math.max(...linked)}`
    }
    return undefined
  }
  const byCount = () => {
    const owner = first.closest('[aria-rowcount]')
    const total = Number(owner?.getAttribute('aria-rowcount') ?? first.getAttribute('aria-setsize') ?? 0)
    const rows = owner === null ? count : owner.querySelectorAll('tr, [role=row]').length
    return total === -1 || total > rows ? `the page says that there are ${total === -1 ? 'more' : total}` : undefined
  }
  // Bounded: a page may be one long number.
  const ranges =
    /(\d[\d.,]{0,15})\s{0,9}(?:-|–|—|to|bis|à|a|t\/m)\s{0,9}(\d[\d.,]{0,15})\s{0,9}(?:of|von|de|sur|di|van|out of|\/)\s{0,9}(?:about |ca\. |over )?(\d[\d.,]{0,15})/gi
  const shares =
    /(?:showing|displaying|first|top)\s{1,9}(?:the )?(?:first |last )?(\d[\d.,]{0,15})\s{0,9}(?:of|out of|\/)\s{0,9}(\d[\d.,]{0,15})/gi
  const pages = /\b(?:page|seite|página|pagina)\s{0,9}(\d[\d.,]{0,15})\s{0,9}(?:of|von|de|sur|di|van|\/)\s{0,9}(\d[\d.,]{0,15})/gi
  const totals =
    /(\d[\d.,]{0,15})\s{1,9}(?:results?|entries|records?|items|rows|matches|hits|treffer|einträge|résultats?|resultados)\b(?:\s{1,9}(?:found|in total|total))?/gi
  const byText = () => {
    // biome-ignore lint/performance/useDomNodeTextContent: what a person reads, without what is hidden
    const text = (document.body?.innerText ?? '').slice(0, 200_000)
    const found =
      [...text.matchAll(ranges)].find(([, from, to, all]) => number(to) < number(all) && number(to) - number(from) + 1 === count) ??
      [...text.matchAll(shares)].find(([, shown, all]) => number(shown) < number(all) && number(shown) === count) ??
      [...text.matchAll(pages)].find(([, page, all]) => number(page) < number(all)) ??
      [...text.matchAll(totals)].find(([, all]) => count > 0 && number(all) > count)
    return found && `the page says "${tidy(found[0]).slice(0, 60)}"`
  }
  const boxOf = (): Element | undefined => {
    for (let at: Element | null = first; at !== null && at !== document.body && at !== document.documentElement; at = at.parentElement)
      if (at.scrollHeight > at.clientHeight + 8 && at.clientHeight > 0 && /auto|scroll|overlay/.test(getComputedStyle(at).overflowY))
        return at
    return undefined
  }
  /** A page that gets more as it is scrolled gets some now. */
  const byScrolling = async () => {
    const page = document.scrollingElement
    const below = (page?.scrollHeight ?? 0) - (page?.scrollTop ?? 0) - (elements.at(-1) ?? first).getBoundingClientRect().bottom
    const goesOn = page !== null && page.scrollHeight > page.clientHeight + 8 && below < 800
    const box = boxOf() ?? (goesOn ? page : undefined)
    if (box === undefined) return undefined
    const parent = first.tagName === 'TABLE' || elements.length === 1 ? first : (first.parentElement ?? first)
    const [top, before] = [box.scrollTop, parent.textContent]
    const changed = new Promise<boolean>(resolve => {
      const observer = new MutationObserver(() => parent.textContent !== before && resolve(true))
      observer.observe(document, { subtree: true, childList: true, characterData: true })
      setTimeout(() => {
        observer.disconnect()
        resolve(parent.textContent !== before)
      }, 300)
    })
    box.scrollTop = box.scrollHeight
    const isMore = await changed
    box.scrollTop = top
    return isMore ? 'the page gets more as it is scrolled' : undefined
  }
  return byCount() ?? byControl() ?? byNumbers() ?? byText() ?? (await byScrolling())
}
