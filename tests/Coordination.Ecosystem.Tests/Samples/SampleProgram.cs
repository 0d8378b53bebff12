namespace Coordination.Ecosystem.Tests.Samples;

/// <summary>Where the samples are: built with this project, in the same configuration.</summary>
internal static class SampleProgram
{
    public static string Root { get; } = FindRoot();

    public static string Find(string name)
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(Root, "samples", name, "bin", built.Parent!.Name, built.Name, $"{name}.dll");
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Coordination.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("Coordination.sln is not above the directory that the tests run in.");
        }

        return directory.FullName;
    }
}
