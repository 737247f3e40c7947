import { emit } from '../delivery/emit.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface Input {
  id?: string;
  name?: string;
  active?: boolean;
  default_price?: string;
  metadata?: MetadataInput;
}

const kept = [
  'name',
  'active',
  'description',
  'images',
  'statement_descriptor',
  'unit_label',
  'url',
];

export const productRoutes: readonly Route[] = [
  route<Input>('POST /v1/products', [...kept, 'id', 'metadata'], (tx, params) => {
    if (params.id !== undefined && tx.find('product', params.id) !== undefined) {
      throw invalidRequest('Product already exists.', {
        code: 'resource_already_exists',
        param: 'id',
      });
    }
    const product = create(tx, 'product', {
      ...(params.id === undefined ? {} : { id: params.id }),
      active: true,
      default_price: null,
      type: 'service',
      updated: tx.now,
      metadata: mergeMetadata({}, params.metadata),
    });
    patch(product, { ...params }, kept);
    product['images'] ??= [];
    emit(tx, 'product.created', product);
    return product;
  }),
  route<Input>('POST /v1/products/{}', [...kept, 'default_price', 'metadata'], (tx, params, id) => {
    const product = need(tx, 'product', id);
    if (params.default_price !== undefined) {
      product.default_price = need(tx, 'price', params.default_price, 'default_price').id;
    }
    patch(product, { ...params }, kept);
    product['images'] ??= [];
    product.metadata = mergeMetadata(product.metadata, params.metadata);
    product.updated = tx.now;
    emit(tx, 'product.updated', product);
    return product;
  }),
  route('GET /v1/products/{}', [], (tx, _, id) => need(tx, 'product', id)),
  route('DELETE /v1/products/{}', [], (tx, _, id) => {
    const product = need(tx, 'product', id);
    const [price] = tx.scan('price', id);
    if (price !== undefined) {
      throw invalidRequest(
        'This product cannot be deleted because it has one or more user-created prices.',
      );
    }
    tx.remove('product', id);
    const deleted = { id, object: 'product', deleted: true };
    emit(tx, 'product.deleted', product);
    return deleted;
  }),
  route<PageParams & { active?: boolean; ids?: string[] }>(
    'GET /v1/products',
    [...pageParams, 'active', 'ids'],
    (tx, params) =>
      pageOf(tx, 'product', params, {
        url: '/v1/products',
        test: (product) =>
          product.active === (params.active ?? product.active) &&
          (params.ids?.includes(product.id) ?? true),
      }),
  ),
];
