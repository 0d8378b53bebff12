using System.Text.RegularExpressions;

namespace Coordination.Tests.Docs;

/// <summary>The code in README.md and docs/ is the code that samples/Snippets compiles, letter for letter but for its indentation.</summary>
public sealed partial class SnippetTests
{
    public static TheoryData<string> Pages => [.. RepositoryFiles.Pages()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Code_on_a_page_is_a_compiled_snippet(string page)
    {
        var snippets = Snippets().Select(snippet => snippet.Code).ToHashSet(StringComparer.Ordinal);
        var unknown = Blocks(page).Where(block => !snippets.Contains(block)).ToList();
        Assert.True(
            unknown.Count == 0,
            $"{page} shows code that is no snippet of samples/Snippets (// snippet: name … // end). Change it there first:\n\n{string.Join("\n\n", unknown)}");
    }

    [Fact]
    public void Each_snippet_is_shown_somewhere()
    {
        var shown = RepositoryFiles.Pages().SelectMany(Blocks).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(Snippets().Where(snippet => !shown.Contains(snippet.Code)).Select(snippet => snippet.Name));
    }

    [Fact]
    public void Snippets_have_names_of_their_own()
    {
        var names = Snippets().Select(snippet => snippet.Name).ToList();
        Assert.NotEmpty(names);
        Assert.Equal(names.Count, names.Distinct(StringComparer.Ordinal).Count());
    }

    private static IEnumerable<string> Blocks(string page) =>
        CodeBlock().Matches(RepositoryFiles.Read(page)).Select(match => Normalize(match.Groups["code"].Value));

    private static IEnumerable<(string Name, string Code)> Snippets() =>
        from source in RepositoryFiles.SnippetSources()
        from match in Snippet().Matches(RepositoryFiles.Read(source))
        select (match.Groups["name"].Value, Normalize(match.Groups["code"].Value));

    /// <summary>Takes the common indentation away, and blank lines around.</summary>
    private static string Normalize(string code)
    {
        var lines = code.Split('\n').Select(line => line.TrimEnd()).ToList();
        var indentation = lines.Where(line => line.Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        return string.Join('\n', lines.Select(line => line.Length == 0 ? line : line[indentation..])).Trim('\n');
    }

    // A block that begins with ```csharp nocheck is not compiled, and does not match.
    [GeneratedRegex(@"^[ ]*```csharp[ ]*\n(?<code>.*?)^[ ]*```[ ]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^[ ]*// snippet: (?<name>[a-z0-9-]+)\n(?<code>.*?)^[ ]*// end$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
