// The template tag all views are written with: htm on Preact, which never interprets a value as markup.
// SPDX-License-Identifier: Apache-2.0
import { h } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);
