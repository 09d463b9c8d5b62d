/** Well-known schemas that files import without a location, written from their specifications as far as messages use them. */

import { parseXmlTree } from '../../../core/xml.ts'
import type { XmlElement } from '../../../core/xml-element.ts'
import { swaRef } from './simple-types.ts'

const limits = { characters: 100_000, depth: 30, elements: 1_000, attributes: 30, textCharacters: 10_000 }
const schema = (uri: string, content: string): string =>
  `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="${uri}" targetNamespace="${uri}" elementFormDefault="qualified">${content}</xs:schema>`

const xmlUri = 'http://www.w3.org/XML/1998/namespace'
const addressing = (uri: string): string =>
  schema(
    uri,
    `<xs:complexType name="AttributedURIType"><xs:simpleContent><xs:extension base="xs:anyURI"/></xs:simpleContent></xs:complexType>
    <xs:complexType name="RelatesToType"><xs:simpleContent><xs:extension base="xs:anyURI"><xs:attribute name="RelationshipType" type="xs:anyURI"/></xs:extension></xs:simpleContent></xs:complexType>
    <xs:complexType name="AnyContentType"><xs:sequence><xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
    <xs:complexType name="EndpointReferenceType"><xs:sequence>
      <xs:element name="Address" type="t:AttributedURIType"/>
      <xs:element name="ReferenceParameters" type="t:AnyContentType" minOccurs="0"/>
      <xs:element name="Metadata" type="t:AnyContentType" minOccurs="0"/>
      <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType>
    <xs:element name="EndpointReference" type="t:EndpointReferenceType"/><xs:element name="ReplyTo" type="t:EndpointReferenceType"/>
    <xs:element name="From" type="t:EndpointReferenceType"/><xs:element name="FaultTo" type="t:EndpointReferenceType"/>
    <xs:element name="To" type="t:AttributedURIType"/><xs:element name="Action" type="t:AttributedURIType"/>
    <xs:element name="MessageID" type="t:AttributedURIType"/><xs:element name="RelatesTo" type="t:RelatesToType"/>`
  )

const mime = (uri: string): string =>
  schema(
    uri,
    `<xs:attribute name="contentType" type="xs:string"/>
    <xs:complexType name="base64Binary"><xs:simpleContent><xs:extension base="xs:base64Binary"><xs:attribute ref="t:contentType"/></xs:extension></xs:simpleContent></xs:complexType>
    <xs:complexType name="hexBinary"><xs:simpleContent><xs:extension base="xs:hexBinary"><xs:attribute ref="t:contentType"/></xs:extension></xs:simpleContent></xs:complexType>`
  )

const encoding = (uri: string): string =>
  schema(
    uri,
    `<xs:attribute name="arrayType" type="xs:string"/><xs:attribute name="offset" type="xs:string"/><xs:attribute name="position" type="xs:string"/>
    <xs:attributeGroup name="commonAttributes"><xs:attribute name="id" type="xs:ID"/><xs:attribute name="href" type="xs:anyURI"/><xs:anyAttribute namespace="##other" processContents="lax"/></xs:attributeGroup>
    <xs:attributeGroup name="arrayAttributes"><xs:attribute ref="t:arrayType"/><xs:attribute ref="t:offset"/></xs:attributeGroup>
    <xs:group name="Array"><xs:sequence><xs:any namespace="##any" minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xs:sequence></xs:group>
    <xs:complexType name="Array"><xs:group ref="t:Array" minOccurs="0"/><xs:attributeGroup ref="t:arrayAttributes"/><xs:attributeGroup ref="t:commonAttributes"/></xs:complexType>`
  )

const texts: Readonly<Record<string, string>> = {
  [xmlUri]: schema(
    xmlUri,
    `<xs:attribute name="lang" type="xs:language"/><xs:attribute name="base" type="xs:anyURI"/><xs:attribute name="id" type="xs:ID"/>
    <xs:attribute name="space"><xs:simpleType><xs:restriction base="xs:NCName"><xs:enumeration value="default"/><xs:enumeration value="preserve"/></xs:restriction></xs:simpleType></xs:attribute>
    <xs:attributeGroup name="specialAttrs"><xs:attribute ref="t:base"/><xs:attribute ref="t:lang"/><xs:attribute ref="t:space"/></xs:attributeGroup>`
  ).replace('xmlns:t=', 'xmlns:xml='),
  [swaRef.uri]: schema(swaRef.uri, '<xs:simpleType name="swaRef"><xs:restriction base="xs:anyURI"/></xs:simpleType>'),
  'http://www.w3.org/2005/05/xmlmime': mime('http://www.w3.org/2005/05/xmlmime'),
  'http://www.w3.org/2004/11/xmlmime': mime('http://www.w3.org/2004/11/xmlmime'),
  'http://www.w3.org/2005/08/addressing': addressing('http://www.w3.org/2005/08/addressing'),
  'http://schemas.xmlsoap.org/ws/2004/08/addressing': addressing('http://schemas.xmlsoap.org/ws/2004/08/addressing'),
  'http://schemas.xmlsoap.org/soap/encoding/': encoding('http://schemas.xmlsoap.org/soap/encoding/'),
  'http://www.w3.org/2003/05/soap-encoding': encoding('http://www.w3.org/2003/05/soap-encoding')
}

const parsed = new Map<string, XmlElement>()

export function bundledSchema(uri: string): XmlElement | undefined {
  const text = Object.hasOwn(texts, uri) ? texts[uri]?.replaceAll('"t:', uri === xmlUri ? '"xml:' : '"t:') : undefined
  if (text === undefined) return undefined
  const known = parsed.get(uri) ?? parseXmlTree(text, { limits })
  parsed.set(uri, known)
  return known
}
