// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

// ToolOf is how the tool is called in a build.
var ToolOf = toolOf
