"""What the Jupyter project asks of any kernel (jupyter_kernel_test), with samples in TypeScript."""
import unittest

import jupyter_kernel_test


class SlablabKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "slablab"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [
        {"text": "openDu", "matches": {"openDump"}},
        {"text": "[1, 2].fla", "matches": {"flat", "flatMap"}},
    ]
    complete_code_samples = [
        "1 + 1", "const x = {\n  a: 1\n}", "function f() {\n  return 1 }", "if (true) { 1 } else { 2 }", "`a${1}b`", "await 1", "openDump?", "?openDump",
    ]
    incomplete_code_samples = ["function f() {", "const x = (", "[1,", "`abc", "if (true) {", "/* abc"]
    invalid_code_samples = ["const = 3", "import 7", "1 +* 2", ")"]
    code_generate_error = "throw new Error('x')"
    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": "6 * 7", "result": "42"},
    ]
    code_display_data = [{"code": "display({ 'text/html': '<b>1</b>' })", "mime": "text/html"}]
    code_inspect_sample = "openDump"
    code_history_pattern = "1?+*"
    supported_history_operations = ("tail", "search", "range")
    code_clear_output = "clearOutput()"


if __name__ == "__main__":
    unittest.main()
