namespace Coordination.Benchmarks.CommandLine;

/// <summary>
/// What the user asked for cannot be done: a bad option, a server that is not there, or a package that cannot be loaded. Its message is all that is shown; exit code 2.
/// </summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>Whether an exception says that an assembly, or what should be in it, is not there.</summary>
    public static bool IsOfLoading(Exception exception) =>
        exception is FileNotFoundException { FileName: not null } or FileLoadException or BadImageFormatException or TypeLoadException or MissingMemberException;
}
