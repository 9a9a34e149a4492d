// Something a button does: one at a time, its failure in words.
// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { explain } from './problems.js';

/** @param {() => Promise<unknown>} act */
export function useAct(act) {
  const [state, setState] = useState({ busy: false, problem: '' });
  const run = async () => {
    if (state.busy) return;
    setState({ busy: true, problem: '' });
    try {
      await act();
      setState({ busy: false, problem: '' });
    } catch (error) {
      setState({ busy: false, problem: explain(error) });
    }
  };
  return { ...state, run };
}
