/** ggml_rope_ext, _back, ggml_rope_multi and ggml_rope_set_offset of the libraries in the packages of node-llama-cpp. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { here, modules, type Results, vectors, work } from './suite.ts';

/** undefined: there is no such device on this machine. */
export function ggml(device: 'cpu-x64' | 'vulkan'): { results: Results; on: string } | undefined {
  const [program, file] = [join(work, 'ggml'), join(work, `${device}.json`)];
  if (!existsSync(program))
    execFileSync('c++', ['-std=c++17', '-o', program, join(here, 'ggml.cpp'), '-ldl'], { stdio: 'inherit' });
  const bins = join(modules, '@node-llama-cpp', device === 'vulkan' ? 'linux-x64-vulkan' : 'linux-x64', 'bins');
  const libraries = join(bins, readdirSync(bins)[0]);
  // without the variable ggml does not take a Vulkan device that is a processor (llvmpipe of Mesa)
  const env = { ...process.env, LD_LIBRARY_PATH: libraries, GGML_VK_VISIBLE_DEVICES: '0' };
  try {
    const on = execFileSync(program, [libraries, device, vectors, file], { env, encoding: 'utf8', stdio: 'pipe' });
    return { results: JSON.parse(readFileSync(file, 'utf8')), on: on.trim() };
  } catch (error) {
    const { status, stderr } = error as { status?: number; stderr?: string };
    // no device, no driver, no loader of drivers
    if (device === 'vulkan' && (status === 3 || /IncompatibleDriver|libvulkan/.test(stderr ?? ''))) return undefined;
    throw error;
  }
}
