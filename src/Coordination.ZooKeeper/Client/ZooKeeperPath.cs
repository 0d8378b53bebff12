namespace Coordination.ZooKeeper.Client;

/// <summary>Paths of nodes: which are allowed, and how a chroot changes them.</summary>
internal static class ZooKeeperPath
{
    /// <summary>Checks a path as the servers would, so that a wrong one is the caller's error at once.</summary>
    /// <param name="path">The path.</param>
    /// <param name="isPrefix">Whether a number will be put behind it: then it may end with a slash.</param>
    /// <param name="argument">The name of the argument.</param>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    public static void Validate(string path, bool isPrefix = false, string argument = "path")
    {
        ArgumentException.ThrowIfNullOrEmpty(path, argument);
        if (Reason(path, isPrefix) is { } reason)
        {
            throw new ArgumentException($"The path '{path}' is not allowed: {reason}.", argument);
        }
    }

    /// <summary>Why a path is not allowed, or <see langword="null"/>.</summary>
    public static string? Reason(ReadOnlySpan<char> path, bool isPrefix = false)
    {
        if (path is "/")
        {
            return null;
        }

        if (path.IsEmpty || path[0] != '/')
        {
            return "it does not begin with a slash";
        }

        var segments = path[1..];
        foreach (var range in segments.Split('/'))
        {
            var segment = segments[range];
            var isLast = range.End.Value == segments.Length;
            if (segment.IsEmpty && !(isLast && isPrefix))
            {
                return isLast ? "it ends with a slash" : "it has an empty name";
            }

            if (segment is "." or ".." && !(isLast && isPrefix))
            {
                return "it has a relative name";
            }
        }

        for (var i = 0; i < path.Length; i++)
        {
            var c = path[i];
            if (char.IsHighSurrogate(c) || char.IsLowSurrogate(c) || c is <= '\u001f' or (>= '\u007f' and <= '\u009f') or (>= '\ue000' and <= '\uf8ff') or >= '\ufff0')
            {
                return $"it has the character U+{(int)c:X4}";
            }
        }

        return null;
    }

    /// <summary>The path of the parent.</summary>
    public static string Parent(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash <= 0 ? "/" : path[..slash];
    }

    /// <summary>The path of a child.</summary>
    public static string Child(string parent, string name) => parent == "/" ? "/" + name : $"{parent}/{name}";
}

/// <summary>The node that a client takes for the root: put before each path on the way out, taken away on the way in.</summary>
internal sealed class ZooKeeperChroot
{
    private readonly string _prefix;

    /// <summary>Names the node.</summary>
    /// <param name="path">A valid path; <c>/</c> or nothing for none.</param>
    public ZooKeeperChroot(string path) => _prefix = path == "/" ? "" : path;

    public string ToServer(string path) => _prefix.Length == 0 ? path : path == "/" ? _prefix : _prefix + path;

    /// <exception cref="InvalidDataException">The path is outside: no server tells of that.</exception>
    public string FromServer(string path)
    {
        if (_prefix.Length == 0)
        {
            return path;
        }

        if (!path.StartsWith(_prefix, StringComparison.Ordinal) || (path.Length > _prefix.Length && path[_prefix.Length] != '/'))
        {
            throw new InvalidDataException($"The server told of '{path}', which is outside of '{_prefix}'.");
        }

        return path.Length == _prefix.Length ? "/" : path[_prefix.Length..];
    }
}
