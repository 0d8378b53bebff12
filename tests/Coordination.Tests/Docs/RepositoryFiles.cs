namespace Coordination.Tests.Docs;

/// <summary>The repository's files as the tests find them: above the directory that the tests run in.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts", ".git"];

    public static string Root { get; } = FindRoot();

    /// <summary>All Markdown files, as paths relative to the root.</summary>
    public static IEnumerable<string> Markdown() => Find(Root, "*.md");

    /// <summary>The pages whose code is compiled.</summary>
    public static IEnumerable<string> Pages() => Find(Path.Combine(Root, "docs"), "*.md").Prepend("README.md");

    public static IEnumerable<string> SnippetSources() => Find(Path.Combine(Root, "samples", "Snippets"), "*.cs");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    private static IEnumerable<string> Find(string directory, string pattern) =>
        Directory.EnumerateFiles(directory, pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(NotOurs.Contains))
            .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Coordination.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("Coordination.sln is not above the directory that the tests run in.");
    }
}
