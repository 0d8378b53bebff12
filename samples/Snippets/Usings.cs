global using Coordination;
