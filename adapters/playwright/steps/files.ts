/** Steps that move files: upload, download, screenshot. */
import type { Download } from 'playwright-core'
import { RetrofitError } from '../../../src/index.ts'
import { received } from '../download.ts'
import { noPicture, within } from '../failure.ts'
import { fileText } from '../filled/given-file.ts'
import { compilePlace, hasPlace } from '../locator.ts'
import { picture } from '../picture/picture.ts'
import { type Kind, onElement, text } from './kind.ts'
import { noting } from './noting.ts'

const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/

export const upload: Kind<'upload'> = {
  acts: true,
  compile: (body, path, compiler) => {
    const content = text(body.value, [...path, 'value'], compiler)
    const name = text(body.file ?? 'upload.bin', [...path, 'file'], compiler)
    const noted = noting('upload', body, compiler)
    return onElement(body, path, compiler, place => ({
      run: async (stage, timeout) => {
        const encoded = (await content(stage)).replace(/\s+/g, '')
        if (!base64.test(encoded))
          throw new RetrofitError('target_failed', { detail: 'the content of the file is not base64', retryable: false })
        const file = {
          name: safeName(await name(stage)),
          mimeType: body.mediaType ?? 'application/octet-stream',
          buffer: Buffer.from(encoded, 'base64')
        }
        const given = { name: file.name, content: file.buffer }
        const values = [fileText({ name: file.name, size: file.buffer.length })]
        await noted(stage, place, { values, file: given, timeout, act: (locator, left) => locator.setInputFiles(file, { timeout: left }) })
      }
    }))
  }
}

export const download: Kind<'download'> = {
  acts: true,
  compile: (body, path, compiler) =>
    onElement(body, path, compiler, place => ({
      rehearse: async (stage, timeout) => (await place.find(stage)).click({ trial: true, timeout }),
      run: async (stage, timeout) => {
        const { promise: coming, resolve } = Promise.withResolvers<Download>()
        stage.tab.expectDownload = resolve
        try {
          await (await place.find(stage)).click({ timeout })
          // Its time begins here: the target may take long to answer a click that commits.
          const file = await within(coming, timeout).catch(() => {
            throw new Error('no file came')
          })
          const content = await received(file)
          await stage.call.attach(safeName(body.as), content, 'application/octet-stream')
          // The name that the target chose is data, never a path.
          Object.assign(stage.extracted, {
            [body.as.replace(/\W/g, '_')]: {
              artifact: safeName(body.as),
              file: safeName(file.suggestedFilename()),
              bytes: content.byteLength
            }
          })
        } finally {
          stage.tab.expectDownload = undefined
        }
      }
    }))
}

export const screenshot: Kind<'screenshot'> = {
  acts: false,
  compile: (body, path, compiler) => {
    const place = hasPlace(body) ? compilePlace(body, path, compiler.issue) : undefined
    const name = safeName(body.as ?? 'screenshot')
    return {
      place,
      about: name,
      run: async stage => {
        const file = name.replace(/\.png$/, '')
        const element = await place?.find(stage)
        await element?.waitFor({ timeout: 3_000 })
        // A run goes on without it: it may have crossed its commit point.
        const taken = await within(picture(stage.page, stage.call, element), 10_000).catch(noPicture)
        if (typeof taken !== 'string') await stage.call.attach(`${file}.png`, taken, 'image/png')
        else await stage.call.attach(`${file}.txt`, Buffer.from(taken), 'text/plain; charset=utf-8')
      }
    }
  }
}

export const safeName = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 80) || 'file'
