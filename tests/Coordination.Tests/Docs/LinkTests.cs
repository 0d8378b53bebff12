using System.Text;
using System.Text.RegularExpressions;

namespace Coordination.Tests.Docs;

/// <summary>Links within the repository lead somewhere.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> MarkdownFiles => [.. RepositoryFiles.Markdown()];

    [Theory]
    [MemberData(nameof(MarkdownFiles))]
    public void Relative_links_resolve(string page)
    {
        var text = WithoutCode(RepositoryFiles.Read(page));
        var dead = Link().Matches(text).Select(match => match.Groups["target"].Value).Where(target => !Resolves(page, target)).ToList();
        Assert.True(dead.Count == 0, $"{page} has links that lead nowhere: {string.Join(", ", dead)}");
    }

    private static bool Resolves(string page, string target)
    {
        if (AbsoluteUri().IsMatch(target))
        {
            return true;
        }

        var parts = target.Split('#', 2);
        var path = parts[0].Length == 0
            ? page
            : Path.GetRelativePath(
                RepositoryFiles.Root, Path.GetFullPath(Path.Combine(RepositoryFiles.Root, Path.GetDirectoryName(page)!, parts[0]))).Replace('\\', '/');
        var full = Path.Combine(RepositoryFiles.Root, path);
        if (path.StartsWith("..", StringComparison.Ordinal) || (!File.Exists(full) && !Directory.Exists(full)))
        {
            return false;
        }

        return parts.Length == 1 || (path.EndsWith(".md", StringComparison.Ordinal) && Anchors(path).Contains(parts[1]));
    }

    private static HashSet<string> Anchors(string page) =>
        Heading().Matches(WithoutCode(RepositoryFiles.Read(page))).Select(match => Slug(match.Groups["text"].Value)).ToHashSet(StringComparer.Ordinal);

    /// <summary>A heading's anchor, as GitHub makes it: lower case, without punctuation, spaces as hyphens.</summary>
    private static string Slug(string heading)
    {
        var slug = new StringBuilder();
        foreach (var character in heading.Trim().ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(character) || character is '-' or '_')
            {
                slug.Append(character);
            }
            else if (character == ' ')
            {
                slug.Append('-');
            }
        }

        return slug.ToString();
    }

    private static string WithoutCode(string text) => Fence().Replace(text, "");

    [GeneratedRegex(@"^[ ]*```.*?^[ ]*```[ ]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\((?<target>[^()\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex AbsoluteUri();
}
